package links

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"
	dto "github.com/prometheus/client_model/go"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// shopLinks reads the links of system/shop.yaml whose client is a service of ours.
func shopLinks(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var shop struct {
		Units map[string]struct{ Kind string }
		Links []struct{ Client, Server string }
	}
	if err := yaml.Unmarshal(text, &shop); err != nil {
		t.Fatal(yaml.FormatError(err, false, true))
	}
	var names []string
	for _, l := range shop.Links {
		if shop.Units[l.Client].Kind == "service" {
			names = append(names, l.Client+" -> "+l.Server)
		}
	}
	slices.Sort(names)
	return names
}

func TestTableHasARowForEachLinkOfTheShop(t *testing.T) {
	want := shopLinks(t)
	if len(want) < 30 {
		t.Fatalf("shop.yaml: found only %d links of services", len(want))
	}
	var got []string
	for _, row := range Table() {
		got = append(got, row.Client+" -> "+row.Server)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the table has\n  %s\nand system/shop.yaml\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestEachRowIsAValidPolicy(t *testing.T) {
	for _, row := range Table() {
		if err := row.Policy.Validate(); err != nil {
			t.Errorf("%s -> %s: %v", row.Client, row.Server, err)
		}
	}
}

func TestUnknownLinkIsNamed(t *testing.T) {
	_, err := Policy("order", "warehouse")
	if err == nil || !strings.Contains(err.Error(), "order -> warehouse") {
		t.Errorf("got %v, want the missing link's name", err)
	}
}

// All attempts and their longest pauses fit into the deadline, or the last ones would be there on paper only.
func TestAttemptsFitIntoTheDeadline(t *testing.T) {
	for _, row := range Table() {
		p := row.Policy
		need, pause := p.AttemptTimeout, p.Backoff
		for range p.Attempts - 2 { // the last attempt may be cut short
			need += p.AttemptTimeout + pause
			pause = min(2*pause, p.MaxBackoff)
		}
		if need > p.Deadline {
			t.Errorf("%s -> %s: %d attempts begin after %v, the deadline is %v", row.Client, row.Server, p.Attempts, need, p.Deadline)
		}
	}
}

// fault is a neighbour's behaviour while it lasts.
type fault func(ctx context.Context) (int, error)

func blackhole(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func refuse(context.Context) (int, error) {
	return 0, problem.New(problem.Unavailable, "", "connection refused")
}

// Under 20 operations a second each link's breaker notices an outage, even where calls may take two seconds to fail, and
// notices its end: at worst a probe still hangs, the rest follows, and then two probes succeed.
func TestBreakersOpenAndCloseInTime(t *testing.T) {
	const opensWithin = 2300 * time.Millisecond
	for name, outage := range map[string]fault{"blackhole": blackhole, "refuse": refuse} {
		for _, row := range distinct() {
			t.Run(name+" "+row.Client+" to "+row.Server, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					opened, closed := suffer(t, row, outage)
					t.Logf("opened after %v, closed after %v", opened, closed)
					if opened > opensWithin {
						t.Errorf("opened after %v, want within %v", opened, opensWithin)
					}
					closesWithin := row.Policy.AttemptTimeout + row.Policy.Breaker.OpenFor + 200*time.Millisecond
					if closed > closesWithin {
						t.Errorf("closed after %v, want within %v", closed, closesWithin)
					}
				})
			})
		}
	}
}

// distinct gives one row for each different policy.
func distinct() []Row {
	rows := slices.SortedFunc(slices.Values(Table()), func(a, b Row) int { return cmp.Compare(a.Client+a.Server, b.Client+b.Server) })
	seen := map[resilience.Policy]bool{}
	return slices.DeleteFunc(rows, func(r Row) bool {
		again := seen[r.Policy]
		seen[r.Policy] = true
		return again
	})
}

// suffer runs 20 operations a second against a neighbour that is well, has an outage of six seconds, and is well again.
// It gives how long the breaker took to open after the outage began, and to close after it ended.
func suffer(t *testing.T, row Row, outage fault) (opened, closed time.Duration) {
	t.Helper()
	tel := telemetry.Discard(row.Client)
	link, err := resilience.New(tel, row.Client, row.Server, row.Policy)
	if err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	call := func(ctx context.Context) (int, error) {
		if away.Load() {
			return outage(ctx)
		}
		time.Sleep(10 * time.Millisecond)
		return 1, nil
	}
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	load.Go(func() {
		for ctx.Err() == nil {
			load.Go(func() { resilience.Do(ctx, link, resilience.Op{Name: "call", Retry: true}, call) })
			time.Sleep(50 * time.Millisecond)
		}
	})
	defer load.Wait()
	defer stop()

	time.Sleep(5 * time.Second)
	if link.Open() {
		t.Fatal("open before the outage")
	}
	away.Store(true)
	opened = until(t, link.Open)
	time.Sleep(6*time.Second - opened)
	away.Store(false)
	closed = until(t, func() bool { return state(t, tel, row) == 0 })
	return opened, closed
}

// until waits for a condition and gives how long that took.
func until(t *testing.T, holds func() bool) time.Duration {
	t.Helper()
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		if holds() {
			return time.Since(start)
		}
	}
	t.Fatal("never happened")
	return 0
}

// state reads the link's breaker as the metrics show it.
func state(t *testing.T, tel *telemetry.Telemetry, row Row) float64 {
	t.Helper()
	var series dto.Metric
	if err := tel.Gauge(telemetry.BreakerState).WithLabelValues(row.Client, row.Server).Write(&series); err != nil {
		t.Fatal(err)
	}
	return series.GetGauge().GetValue()
}
