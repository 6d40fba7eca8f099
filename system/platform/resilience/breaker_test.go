package resilience

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// openBreaker lets the neighbour fail until its breaker opens.
func (l *lab) openBreaker(t *testing.T) {
	t.Helper()
	for range l.policy.Breaker.MinCalls {
		if l.Open() {
			t.Fatal("open before MinCalls attempts")
		}
		Do(t.Context(), l.Link, Op{Name: "Get"}, failed)
	}
	if !l.Open() {
		t.Fatalf("not open after %d failures", l.policy.Breaker.MinCalls)
	}
}

func TestOpenBreakerRefusesUntilItsRestIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		l.openBreaker(t)
		time.Sleep(400 * time.Millisecond)
		_, err := Do(t.Context(), l.Link, Op{Name: "Get"}, func(context.Context) (int, error) {
			t.Error("called while the breaker was open")
			return 0, nil
		})
		if !Refused(err) || problem.CodeOf(err) != problem.Unavailable || problem.ReasonOf(err) != ReasonBreakerOpen {
			t.Errorf("got %v, want a refusal by the open breaker", err)
		}
		if got := problem.As(err).RetryAfter; got != 600*time.Millisecond {
			t.Errorf("RetryAfter: got %v, want what is left of the rest, 600ms", got)
		}
		l.wants(t, 1, telemetry.LinkRefusals, "reason=breaker_open")
		l.wants(t, 4, telemetry.LinkAttempts, "outcome=unavailable")
		l.wants(t, 2, telemetry.BreakerState)
		time.Sleep(600 * time.Millisecond)
		if l.Open() {
			t.Error("still open after its rest")
		}
	})
}

func TestBreakerClosesAfterItsProbesSucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		l.openBreaker(t)
		time.Sleep(time.Second)
		Do(t.Context(), l.Link, Op{Name: "Get"}, fine)
		l.wants(t, 1, telemetry.BreakerState)
		Do(t.Context(), l.Link, Op{Name: "Get"}, fine)
		l.wants(t, 0, telemetry.BreakerState)
	})
}

func TestFirstFailedProbeOpensTheBreakerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		l.openBreaker(t)
		time.Sleep(time.Second)
		Do(t.Context(), l.Link, Op{Name: "Get"}, fine)
		Do(t.Context(), l.Link, Op{Name: "Get"}, failed)
		if !l.Open() {
			t.Error("not open after a failed probe")
		}
	})
}

func TestOnlySoManyProbesGoOutAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		l.openBreaker(t)
		time.Sleep(time.Second)
		answer := make(chan struct{})
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				_, err := Do(t.Context(), l.Link, Op{Name: "Get"}, func(context.Context) (int, error) { <-answer; return 1, nil })
				if err != nil {
					t.Errorf("probe: %v", err)
				}
			})
		}
		synctest.Wait()
		if _, err := Do(t.Context(), l.Link, Op{Name: "Get"}, fine); problem.ReasonOf(err) != ReasonBreakerOpen {
			t.Errorf("third probe: got %v, want a refusal", err)
		}
		close(answer)
		wg.Wait()
		l.wants(t, 0, telemetry.BreakerState)
	})
}

// An answer shows that the neighbour is there, whatever it says about the request.
func TestRefusalsByTheNeighbourKeepTheBreakerClosed(t *testing.T) {
	for _, code := range outcomes() {
		l := newLab(t, testPolicy())
		for range 20 {
			Do(t.Context(), l.Link, Op{Name: "Get"}, func(context.Context) (int, error) {
				if code == problem.OK {
					return 1, nil
				}
				return 0, problem.New(code, "", "answered")
			})
		}
		if got, want := l.Open(), code.Outage(); got != want {
			t.Errorf("%s: breaker open is %t, want %t", code, got, want)
		}
	}
}

func TestFailuresOlderThanTheWindowAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		for range 20 {
			Do(t.Context(), l.Link, Op{Name: "Get"}, failed)
			time.Sleep(400 * time.Millisecond) // three in a window, fewer than MinCalls
		}
		if l.Open() {
			t.Error("opened though no window held MinCalls attempts")
		}
	})
}

func TestBreakerNeedsItsShareOfFailures(t *testing.T) {
	l := newLab(t, testPolicy())
	for range 30 {
		Do(t.Context(), l.Link, Op{Name: "Get"}, fine)
		Do(t.Context(), l.Link, Op{Name: "Get"}, fine)
		Do(t.Context(), l.Link, Op{Name: "Get"}, failed)
	}
	if l.Open() {
		t.Error("opened at a third of failures, want half")
	}
}

// An attempt that went out before the breaker changed once ended as a failed probe, and opened it again.
func TestLateResultFromBeforeTheChangeIsNoProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.AttemptTimeout = 2 * time.Second
		l := newLab(t, p)
		go Do(t.Context(), l.Link, Op{Name: "Get"}, hang) // fails after 2 s
		synctest.Wait()
		l.openBreaker(t)
		time.Sleep(1500 * time.Millisecond)
		Do(t.Context(), l.Link, Op{Name: "Get"}, fine)
		l.wants(t, 1, telemetry.BreakerState)
		time.Sleep(time.Second)
		l.wants(t, 1, telemetry.LinkAttempts, "outcome=timeout")
		l.wants(t, 1, telemetry.BreakerState)
	})
}

// A probe whose caller left used up its permit, and the breaker stayed half-open for ever.
func TestCanceledProbeGivesItsPlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		l.openBreaker(t)
		time.Sleep(time.Second)
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(10*time.Millisecond, cancel)
			if _, err := Do(ctx, l.Link, Op{Name: "Get"}, hang); problem.CodeOf(err) != problem.Canceled {
				t.Fatalf("got %v, want canceled", err)
			}
			l.wants(t, 1, telemetry.BreakerState)
		}
		for range 2 {
			if _, err := Do(t.Context(), l.Link, Op{Name: "Get"}, fine); err != nil {
				t.Fatal(err)
			}
		}
		l.wants(t, 0, telemetry.BreakerState)
	})
}

// Probes of an earlier half-open state once kept their places in the next one.
func TestEachHalfOpenStateHasAllItsProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.AttemptTimeout = 2 * time.Second
		l := newLab(t, p)
		l.openBreaker(t)
		time.Sleep(time.Second)
		go Do(t.Context(), l.Link, Op{Name: "Get"}, hang)
		synctest.Wait()
		Do(t.Context(), l.Link, Op{Name: "Get"}, failed)
		time.Sleep(time.Second)
		answer := make(chan struct{})
		for range 2 {
			go func() {
				_, err := Do(t.Context(), l.Link, Op{Name: "Get"}, func(context.Context) (int, error) { <-answer; return 1, nil })
				if err != nil {
					t.Errorf("probe: %v", err)
				}
			}()
		}
		synctest.Wait()
		close(answer)
		synctest.Wait()
		l.wants(t, 0, telemetry.BreakerState)
	})
}

func TestPanicInACallGivesEverythingBack(t *testing.T) {
	p := testPolicy()
	p.Bulkhead = 1
	l := newLab(t, p)
	for range 10 {
		func() {
			defer func() { recover() }()
			Do(t.Context(), l.Link, Op{Name: "Get"}, func(context.Context) (int, error) { panic("defect") })
		}()
	}
	if _, err := Do(t.Context(), l.Link, Op{Name: "Get"}, fine); err != nil {
		t.Errorf("after panics: %v", err)
	}
	l.wants(t, 0, telemetry.LinkInFlight)
}

func TestLinkWithoutBreakerNeverOpens(t *testing.T) {
	p := testPolicy()
	p.Breaker = Breaker{}
	l := newLab(t, p)
	for range 50 {
		if _, err := Do(t.Context(), l.Link, Op{Name: "Get"}, failed); Refused(err) {
			t.Fatalf("refused: %v", err)
		}
	}
	if l.Open() {
		t.Error("open without a breaker")
	}
}

func TestConcurrentUseLeavesNothingUnderWay(t *testing.T) {
	p := testPolicy()
	p.Bulkhead, p.BulkheadWait = 4, time.Millisecond
	p.Breaker.OpenFor, p.Backoff = time.Millisecond, time.Microsecond
	l := newLab(t, p)
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for i := range 200 {
				_, err := Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, func(context.Context) (int, error) {
					if (i+worker)%3 == 0 {
						return 0, away()
					}
					return i, nil
				})
				if err != nil && problem.CodeOf(err) != problem.Unavailable {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	wg.Wait()
	l.wants(t, 0, telemetry.LinkInFlight)
	if l.breaker.probing < 0 || l.breaker.probing > p.Breaker.Probes {
		t.Errorf("probes under way: %d", l.breaker.probing)
	}
}

func TestRefusalIsNotTheCallsOwnError(t *testing.T) {
	err := withRefusal(problem.New(problem.Timeout, "", "late"), problem.Wrap(errRefused, problem.Unavailable, ReasonBudgetSpent, "no"))
	if Refused(err) || !errors.Is(err, errRefused) || problem.CodeOf(err) != problem.Timeout {
		t.Errorf("got %v (code %s): want the attempt's time-out first and the refusal visible", err, problem.CodeOf(err))
	}
}
