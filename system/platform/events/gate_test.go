package events

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/telemetry"
)

func TestGateWaitsLongerWithEachFailedProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel := telemetry.Discard("order")
		g := NewGate(tel, "q.order")
		paused := tel.Gauge(telemetry.BacklogPaused).WithLabelValues("q.order")
		if g.Limit(100) != 100 || !g.Open() || testutil.ToFloat64(paused) != 0 {
			t.Error("a new gate is not open")
		}
		for _, want := range []time.Duration{50, 100, 200, 400, 800, 1000, 1000} {
			g.Outage(errors.New("away"))
			if g.Limit(100) != 1 || g.Open() || testutil.ToFloat64(paused) != 1 {
				t.Error("a gate is open in an outage")
			}
			start := time.Now()
			if err := g.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(start); got != want*time.Millisecond {
				t.Errorf("waited %v, want %v", got, want*time.Millisecond)
			}
		}
		g.Passed()
		if g.Limit(100) != 2 || g.Rest() != 0 || testutil.ToFloat64(paused) != 0 {
			t.Error("the gate did not open after a success")
		}
		g.Outage(errors.New("away again"))
		if got := g.Rest(); got != firstPause {
			t.Errorf("the first pause of the next outage is %v, want %v", got, firstPause)
		}
	})
}

func TestGateDoesNotWaitForOneWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(telemetry.Discard("order"), "q.order")
		g.Outage(errors.New("away"))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		if err := g.Wait(ctx); !errors.Is(err, context.Canceled) || time.Since(start) > 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

func TestGateOpensALittleAtFirst(t *testing.T) {
	g := NewGate(telemetry.Discard("order"), "q.order")
	g.Outage(errors.New("too slow for so many"))
	for _, want := range []int{1, 2, 4, 8, 16, 32, 64, 100, 100} {
		if got := g.Limit(100); got != want {
			t.Fatalf("limit: got %d, want %d", got, want)
		}
		g.Passed()
	}
	g.Outage(errors.New("too slow for so many"))
	if got := g.Limit(100); got != 1 {
		t.Errorf("limit after another outage: got %d, want 1", got)
	}
}
