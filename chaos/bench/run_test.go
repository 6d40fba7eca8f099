package bench_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stormglass/chaos/bench"
	"stormglass/chaos/load"
	"stormglass/chaos/run/runtest"
	"stormglass/chaos/verdict"
)

func TestMain(m *testing.M) {
	runtest.Main()
	os.Exit(m.Run())
}

// orders places one order of its own at each visit, however many stretches there are.
type orders struct {
	base   string
	client http.Client
	number atomic.Int64
}

func (o *orders) Prepare(_ context.Context, target load.Target) error {
	o.base = target.BaseURL
	return nil
}

func (o *orders) Visit(ctx context.Context, v *load.Visit) {
	_ = v.Do(ctx, "order", func(ctx context.Context, op *load.Operation) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/orders/%d", o.base, 1000+o.number.Add(1)), nil)
		if err != nil {
			return err
		}
		answer, err := o.client.Do(req)
		if err != nil {
			return err
		}
		op.Status = answer.StatusCode
		if answer.StatusCode != http.StatusAccepted {
			err = errors.New(answer.Status)
		}
		return errors.Join(err, answer.Body.Close())
	})
}

// options measure the toy system, with settings for its desk.
func options(t *testing.T, desk map[string]string) bench.Options {
	o := bench.Options{
		System: runtest.System(t), Bin: runtest.Bin(t), Guard: runtest.Guard(t), Dir: t.TempDir(), Seed: 1,
		Rate: 20, Burst: 40, Length: 2 * time.Second, Step: time.Second, Patience: 3 * time.Second, Only: []string{bench.Steady},
		Registry: verdict.Registry{
			Shoppers: []verdict.Shopper{{Name: "orders", New: func() load.Shopper { return &orders{} }}},
			Workload: &verdict.Workload{
				Shopper: "orders", Operation: "order", Thing: "order", What: "one order",
				Begun: `sum(toy_orders_total{state="accepted"})`, Finished: `sum(toy_orders_total{state="charged"})`,
			},
		},
		Progress: func(format string, args ...any) { t.Logf(format, args...) },
	}
	for i := range o.System.Units {
		if u := &o.System.Units[i]; u.Name == "desk" {
			u.Env = desk
		}
	}
	return o
}

func TestWhatIsAcceptedIsFollowedToItsEndAndPriced(t *testing.T) {
	t.Parallel()
	o := options(t, nil)
	o.Only = []string{bench.Steady, bench.Burst}
	report, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stretch *bench.Stretch
		want    int
	}{{report.Steady, 40}, {report.Burst, 80}} {
		s := c.stretch
		if s.Sent < c.want-1 || s.Sent > c.want+2 || s.Accepted != s.Sent || s.Finished != s.Accepted || s.Stuck != 0 || s.Short != 0 {
			t.Errorf("%s: got %+v, want about %d sent, accepted and finished", s.Name, s, c.want)
		}
		if s.P50MS <= 0 || s.P99MS < s.P50MS || s.FinishRate <= 0 || len(s.ProcessCPUMS) != 2 || s.HarnessCPUMS <= 0 {
			t.Errorf("%s: got %+v, want latencies, rates and processor times", s.Name, s)
		}
	}
	if !report.Sound() || len(report.MemoryMB) != 2 || report.SumMB <= 0 || report.Knee != nil || report.Overload != nil {
		t.Errorf("got %+v, want a sound report with the memory of two processes and only the profiles asked for", report)
	}
	var page bytes.Buffer
	if err := report.Print(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one order", "steady", "burst", "desk-1", "bank-1", "p99 ms"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not on the page:\n%s", want, page.String())
		}
	}
}

func TestRefusalsAreCountedAndLeaveNoKnee(t *testing.T) {
	t.Parallel()
	o := options(t, map[string]string{"REFUSING": "1"}) // ids of four digits, which the desk refuses all
	o.Rate, o.Only = 25, []string{bench.Knee, bench.Overload}
	report, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Knee != nil || report.Overload != nil || len(report.Search) == 0 {
		t.Errorf("got knee %+v and overload %+v, want neither, after a search", report.Knee, report.Overload)
	}
	if s := report.Search[0]; s.Refused != s.Sent || s.Accepted != 0 || !strings.Contains(s.Why[http.StatusServiceUnavailable], "503") {
		t.Errorf("got %+v, want everything refused, and what was said", s)
	}
}

func TestWhatIsNeverFinishedIsSeen(t *testing.T) {
	t.Parallel()
	o := options(t, map[string]string{"LOSSY": "1"})
	for i := range o.System.Links { // a bank that nobody reaches: its orders are forgotten
		o.System.Links[i].Value, o.System.Links[i].Direct = "http://{addr}/nowhere", ""
	}
	report, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s := report.Steady; s.Stuck != s.Accepted || s.Accepted == 0 || report.Sound() {
		t.Errorf("got %+v, want every accepted order stuck and the report not sound", s)
	}
}

func TestAProcessThatDiesEndsTheMeasurement(t *testing.T) {
	t.Parallel()
	_, err := bench.Run(t.Context(), options(t, map[string]string{"EXIT_AFTER": "4s"}))
	if err == nil || !strings.Contains(err.Error(), "desk-1 ended though nobody asked") {
		t.Errorf("got %v, want word of the desk's end", err)
	}
}

func TestWithoutAWorkloadNothingIsStarted(t *testing.T) {
	t.Parallel()
	o := options(t, nil)
	o.Registry.Workload = nil
	o.Bin = "/nowhere"
	if _, err := bench.Run(t.Context(), o); !errors.Is(err, bench.ErrNoWorkload) {
		t.Errorf("got %v, want ErrNoWorkload", err)
	}
	o = options(t, nil)
	o.Registry.Shoppers = nil
	if _, err := bench.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), `"orders" is not registered`) {
		t.Errorf("got %v, want the name of the missing shopper", err)
	}
}

func TestAnInterruptedMeasurementLeavesAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	o := options(t, nil)
	o.Length = time.Hour
	o.Progress = func(format string, args ...any) {
		if strings.HasPrefix(fmt.Sprintf(format, args...), "steady:") {
			cancel(why)
		}
	}
	if _, err := bench.Run(ctx, o); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause of the interruption", err)
	}
}
