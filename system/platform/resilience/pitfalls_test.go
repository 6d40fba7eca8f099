package resilience

// Each test here holds one trap shut into which a library of retries and breakers leads its users; transport_test.go and
// resend_test.go do so for HTTP.

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// Retrying against an open breaker only spends the caller's time.
func TestOpenBreakerIsNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		l.openBreaker(t)
		start := time.Now()
		_, err := Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, fine)
		if !Refused(err) || time.Since(start) != 0 {
			t.Errorf("got %v after %v, want a refusal at once", err, time.Since(start))
		}
		l.wants(t, 1, telemetry.LinkRefusals, "reason=breaker_open")
		l.wants(t, 0, telemetry.LinkRetries)
	})
}

// The attempt whose failure opens the breaker must not be followed by a pause and a refusal.
func TestBreakerThatOpensEndsTheRetriesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.Breaker.MinCalls = 1
		l := newLab(t, p)
		start := time.Now()
		_, err := Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, failed)
		if problem.CodeOf(err) != problem.Unavailable || Refused(err) || !errors.Is(err, errRefused) || time.Since(start) != 0 {
			t.Errorf("got %v after %v, want the attempt's error with the refusal, at once", err, time.Since(start))
		}
		l.wants(t, 10, telemetry.LinkRetryBudget)
	})
}

// Other retries have no pause by default, and a jitter that no test can fix.
func TestPausesDoubleUpToTheirBoundAndFollowTheGivenRandomness(t *testing.T) {
	run := func(random float64) []time.Duration {
		var at []time.Duration
		synctest.Test(t, func(t *testing.T) {
			p := testPolicy()
			p.Attempts, p.Deadline, p.Breaker = 6, time.Minute, Breaker{}
			l := newLab(t, p)
			l.random = func() float64 { return random }
			s := &script{errs: []error{away()}}
			Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, s.call)
			at = s.at
		})
		return at
	}
	ms := func(all ...int) (d []time.Duration) {
		for _, n := range all {
			d = append(d, time.Duration(n)*time.Millisecond)
		}
		return d
	}
	if got, want := run(0), ms(0, 0, 0, 0, 0, 0); !slices.Equal(got, want) {
		t.Errorf("least jitter: attempts at %v, want %v", got, want)
	}
	if got, want := run(0.5), ms(0, 50, 150, 350, 550, 750); !slices.Equal(got, want) {
		t.Errorf("middle: attempts at %v, want %v", got, want)
	}
	if got, want := run(1), ms(0, 100, 300, 700, 1100, 1500); !slices.Equal(got, want) {
		t.Errorf("most jitter: attempts at %v, want %v", got, want)
	}
}

// failsafe-go's breaker knows two outcomes only.
func TestCanceledCallsAreNeitherSuccessNorFailure(t *testing.T) {
	leave := func(t *testing.T, l *lab) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		Do(ctx, l.Link, Op{Name: "Get"}, func(ctx context.Context) (int, error) { cancel(); return 0, ctx.Err() })
	}
	t.Run("not failure", func(t *testing.T) {
		l := newLab(t, testPolicy())
		for range 50 {
			leave(t, l)
		}
		if l.Open() {
			t.Error("callers who left opened the breaker")
		}
	})
	t.Run("not success", func(t *testing.T) {
		l := newLab(t, testPolicy())
		for range 50 {
			leave(t, l)
		}
		l.openBreaker(t) // MinCalls failures suffice: nothing dilutes them
	})
}

// What a client library makes of a cancelled call is often an error of the network.
func TestCallerWhoLeavesDoesNotBlameTheNeighbour(t *testing.T) {
	l := newLab(t, testPolicy())
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		Do(ctx, l.Link, Op{Name: "Get"}, func(context.Context) (int, error) { cancel(); return 0, away() })
	}
	if l.Open() {
		t.Error("callers who left opened the breaker")
	}
}

// failsafe-go's retry and time-out executors replace what a call came to by the context's error.
func TestSuccessThatComesLateIsStillASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := Do(t.Context(), newLab(t, testPolicy()).Link, Op{Name: "Put"}, func(context.Context) (int, error) {
			time.Sleep(3 * time.Second) // over the attempt's time and over the deadline
			return 7, nil
		})
		if v != 7 || err != nil {
			t.Errorf("got %d, %v; want the success", v, err)
		}
	})
}

// A commit whose answer was lost must not turn into an ordinary time-out, which could be taken for harmless.
func TestUnknownOutcomeOutlivesTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := problem.New(problem.Unknown, "commit_unknown", "the commit's answer was lost")
		_, err := Do(t.Context(), newLab(t, testPolicy()).Link, Op{Name: "Put"}, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, lost
		})
		if !errors.Is(err, lost) || problem.CodeOf(err) != problem.Unknown || problem.ReasonOf(err) != "commit_unknown" {
			t.Errorf("got %v, want the unknown outcome", err)
		}
	})
}

// Attempts that overlap, as hedged ones do, race for a reply that they share.
func TestAttemptsOfOneOperationNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var underWay atomic.Int32
		shared := 0 // the race detector watches it
		_, err := Do(t.Context(), newLab(t, testPolicy()).Link, Op{Name: "Get", Retry: true}, func(ctx context.Context) (int, error) {
			if underWay.Add(1) != 1 {
				t.Error("two attempts at once")
			}
			defer underWay.Add(-1)
			<-ctx.Done()
			time.Sleep(10 * time.Millisecond) // a call that lingers after its time
			shared++
			return shared, ctx.Err()
		})
		if problem.CodeOf(err) != problem.Timeout || shared != 3 {
			t.Errorf("got %v after %d attempts, want a timeout after 3", err, shared)
		}
	})
}

// Time that ran out while we queued at our own bulkhead says nothing about the neighbour.
func TestDeadlineInTheBulkheadsQueueIsOurOwnRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.Bulkhead, p.BulkheadWait = 1, time.Second
		l := newLab(t, p)
		answer := make(chan struct{})
		go Do(t.Context(), l.Link, Op{Name: "Get"}, func(context.Context) (int, error) { <-answer; return 1, nil })
		synctest.Wait()
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if _, err := Do(ctx, l.Link, Op{Name: "Get"}, fine); problem.ReasonOf(err) != ReasonBulkheadFull {
				t.Errorf("got %v, want a refusal by the bulkhead", err)
			}
			cancel()
		}
		if l.Open() {
			t.Error("our own queue opened the neighbour's breaker")
		}
		close(answer)
	})
}
