package resilience

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/rs/zerolog"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// lab is a link with its telemetry in view.
type lab struct {
	*Link
	tel *telemetry.Telemetry
	log *bytes.Buffer
}

// testPolicy retries twice after pauses of exactly 50 and 100 ms (the lab's randomness is fixed), and has a breaker
// that opens when half of at least four attempts within a second fail.
func testPolicy() Policy {
	return Policy{
		Deadline: 2 * time.Second, AttemptTimeout: 500 * time.Millisecond,
		Attempts: 3, Backoff: 100 * time.Millisecond, MaxBackoff: 400 * time.Millisecond, RetryRatio: 0.2, RetryBurst: 10,
		Breaker: Breaker{FailureRatio: 0.5, MinCalls: 4, Window: time.Second, OpenFor: time.Second, Probes: 2},
	}
}

func newLab(t *testing.T, p Policy) *lab {
	t.Helper()
	log := new(bytes.Buffer)
	tel := telemetry.Discard("order")
	tel.Log = zerolog.New(log)
	l, err := New(tel, "order", "product", p)
	if err != nil {
		t.Fatal(err)
	}
	l.random = func() float64 { return 0.5 }
	return &lab{Link: l, tel: tel, log: log}
}

// script is a call that returns its errors one after the other, and the last one from then on.
type script struct {
	errs []error
	at   []time.Duration // when each call came, counted from the first
	from time.Time
}

func (s *script) call(context.Context) (int, error) {
	if len(s.at) == 0 {
		s.from = time.Now()
	}
	s.at = append(s.at, time.Since(s.from))
	err := s.errs[min(len(s.at), len(s.errs))-1]
	return len(s.at), err
}

func away() error { return problem.New(problem.Unavailable, "", "away") }

// hang is a neighbour that never answers.
func hang(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func fine(context.Context) (int, error) { return 1, nil }

func failed(context.Context) (int, error) { return 0, away() }

// get reads one series; labels are given as "name=value".
func (l *lab) get(t *testing.T, m telemetry.Metric, labels ...string) float64 {
	t.Helper()
	families, err := l.tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, series := range f.GetMetric() {
			if f.GetName() == m.Name && hasAll(series, labels) {
				return series.GetCounter().GetValue() + series.GetGauge().GetValue() + float64(series.GetHistogram().GetSampleCount())
			}
		}
	}
	t.Fatalf("series %s%v: not exported", m.Name, labels)
	return 0
}

func hasAll(series *dto.Metric, labels []string) bool {
	have := map[string]bool{}
	for _, pair := range series.GetLabel() {
		have[pair.GetName()+"="+pair.GetValue()] = true
	}
	for _, label := range labels {
		if !have[label] {
			return false
		}
	}
	return true
}

func (l *lab) wants(t *testing.T, want float64, m telemetry.Metric, labels ...string) {
	t.Helper()
	if got := l.get(t, m, labels...); got != want {
		t.Errorf("%s%v: got %v, want %v", m.Name, labels, got, want)
	}
}

func TestNewNamesEachWrongField(t *testing.T) {
	bad := Policy{
		AttemptTimeout: -1, Attempts: 2, MaxBackoff: -1, RetryRatio: 2, BulkheadWait: time.Second,
		Breaker: Breaker{FailureRatio: 1.5},
	}
	_, err := New(telemetry.Discard("order"), "order", "product", bad)
	if err == nil {
		t.Fatal("got no error")
	}
	want := []string{
		"order -> product", "Deadline", "AttemptTimeout", "Backoff", "MaxBackoff", "RetryRatio", "RetryBurst", "BulkheadWait",
		"Breaker.FailureRatio", "Breaker.MinCalls", "Breaker.Window", "Breaker.OpenFor", "Breaker.Probes",
	}
	for _, field := range want {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("the message does not name %s:\n%v", field, err)
		}
	}
}

func TestSeriesExistBeforeTheFirstCall(t *testing.T) {
	p := testPolicy()
	p.Bulkhead = 7
	l := newLab(t, p)
	for _, code := range outcomes() {
		l.wants(t, 0, telemetry.LinkAttempts, "client=order", "server=product", "outcome="+string(code))
	}
	for _, reason := range []string{"breaker_open", "bulkhead_full", "retry_budget_spent"} {
		l.wants(t, 0, telemetry.LinkRefusals, "reason="+reason)
	}
	for _, to := range []string{"closed", "half-open", "open"} {
		l.wants(t, 0, telemetry.BreakerChanges, "to="+to)
	}
	l.wants(t, 0, telemetry.BreakerState)
	l.wants(t, 0, telemetry.LinkRetries)
	l.wants(t, 0, telemetry.LinkInFlight)
	l.wants(t, 7, telemetry.LinkBulkhead)
	l.wants(t, 10, telemetry.LinkRetryBudget)
}

func TestWithoutBulkheadTheLimitIsInfinite(t *testing.T) {
	newLab(t, testPolicy()).wants(t, math.Inf(1), telemetry.LinkBulkhead)
}

func TestEachOutcomeCodeHasItsRow(t *testing.T) {
	for _, code := range outcomes() {
		if code.HTTP() == 0 {
			t.Errorf("outcome %q is no problem code", code)
		}
	}
}

func TestBreakerChangesAreLoggedInSequence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		l.openBreaker(t)
		time.Sleep(time.Second)
		for range 2 {
			if _, err := Do(t.Context(), l.Link, Op{Name: "Get"}, fine); err != nil {
				t.Fatal(err)
			}
		}
		type line struct {
			Message, Client, Server, From, To string
			Sequence                          int
		}
		want := []line{
			{"breaker changed", "order", "product", "closed", "open", 1},
			{"breaker changed", "order", "product", "open", "half-open", 2},
			{"breaker changed", "order", "product", "half-open", "closed", 3},
		}
		decoder := json.NewDecoder(l.log)
		for i := range want {
			var got line
			if err := decoder.Decode(&got); err != nil || got != want[i] {
				t.Errorf("line %d: got %+v (%v), want %+v", i, got, err, want[i])
			}
		}
		for _, to := range []string{"closed", "half-open", "open"} {
			l.wants(t, 1, telemetry.BreakerChanges, "to="+to)
		}
		l.wants(t, 0, telemetry.BreakerState)
	})
}
