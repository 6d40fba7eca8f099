package resilience

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

func TestFullBulkheadRefusesAndBlamesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.Bulkhead, p.BulkheadWait = 2, 30*time.Millisecond
		l := newLab(t, p)
		answer := make(chan struct{})
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				Do(t.Context(), l.Link, Op{Name: "Get"}, func(context.Context) (int, error) { <-answer; return 1, nil })
			})
		}
		synctest.Wait()
		l.wants(t, 2, telemetry.LinkInFlight)
		for range 10 {
			start := time.Now()
			_, err := Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, fine)
			if !Refused(err) || problem.ReasonOf(err) != ReasonBulkheadFull || time.Since(start) != p.BulkheadWait {
				t.Errorf("got %v after %v, want a refusal after the wait of %v", err, time.Since(start), p.BulkheadWait)
			}
		}
		l.wants(t, 10, telemetry.LinkRefusals, "reason=bulkhead_full")
		l.wants(t, 0, telemetry.LinkRetries)
		if l.Open() {
			t.Error("our own refusals opened the neighbour's breaker")
		}
		close(answer)
		wg.Wait()
		if _, err := Do(t.Context(), l.Link, Op{Name: "Get"}, fine); err != nil {
			t.Errorf("with free places: %v", err)
		}
	})
}

func TestAttemptWaitsForAPlaceThatComesFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.Bulkhead, p.BulkheadWait = 1, 100*time.Millisecond
		l := newLab(t, p)
		go Do(t.Context(), l.Link, Op{Name: "Get"}, func(context.Context) (int, error) {
			time.Sleep(60 * time.Millisecond)
			return 1, nil
		})
		synctest.Wait()
		if _, err := Do(t.Context(), l.Link, Op{Name: "Get"}, fine); err != nil {
			t.Errorf("got %v, want the place after 60ms", err)
		}
	})
}
