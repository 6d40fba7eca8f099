package resilience

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

func TestReadIsRetriedUntilItSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		s := &script{errs: []error{away(), away(), nil}}
		v, err := Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, s.call)
		if v != 3 || err != nil {
			t.Errorf("got %d, %v; want the third attempt's answer", v, err)
		}
		if want := []time.Duration{0, 50 * time.Millisecond, 150 * time.Millisecond}; !slices.Equal(s.at, want) {
			t.Errorf("attempts at %v, want %v", s.at, want)
		}
		l.wants(t, 2, telemetry.LinkRetries)
		l.wants(t, 2, telemetry.LinkAttempts, "outcome=unavailable")
		l.wants(t, 1, telemetry.LinkAttempts, "outcome=ok")
		l.wants(t, 1, telemetry.LinkDuration, "operation=Get", "outcome=ok")
	})
}

func TestAttemptsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		s := &script{errs: []error{away()}}
		_, err := Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, s.call)
		if len(s.at) != 3 || problem.CodeOf(err) != problem.Unavailable {
			t.Errorf("got %d attempts and %v, want 3 and the last one's error", len(s.at), err)
		}
	})
}

func TestWhatIsNotRetried(t *testing.T) {
	tests := map[string]struct {
		op  Op
		err error
	}{
		"a write without a key":         {Op{Name: "Put"}, away()},
		"an answer that is no outage":   {Op{Name: "Get", Retry: true}, problem.New(problem.NotFound, "", "no such product")},
		"a defect":                      {Op{Name: "Get", Retry: true}, errors.New("defect")},
		"an error that is marked final": {Op{Name: "Get", Retry: true}, Final(problem.New(problem.Unknown, "commit_unknown", "lost"))},
		"a caller who left":             {Op{Name: "Get", Retry: true}, problem.New(problem.Canceled, "", "left")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &script{errs: []error{test.err}}
			_, err := Do(t.Context(), newLab(t, testPolicy()).Link, test.op, s.call)
			if len(s.at) != 1 || !errors.Is(err, test.err) {
				t.Errorf("got %d attempts and %v, want 1 and %v", len(s.at), err, test.err)
			}
		})
	}
}

func TestSpentBudgetStopsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.RetryRatio, p.RetryBurst, p.Breaker = 0.25, 2, Breaker{}
		l := newLab(t, p)
		calls := 0
		var last error
		for range 100 {
			_, last = Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, func(context.Context) (int, error) { calls++; return 0, away() })
		}
		// The budget begins full, so that the first operation's deposit is lost: 2 + 99 × 0.25 = 26.75.
		if want := 100 + 26; calls != want {
			t.Errorf("got %d attempts, want %d: a retry for each fourth operation, and the burst", calls, want)
		}
		if problem.CodeOf(last) != problem.Unavailable || Refused(last) || !strings.Contains(last.Error(), ReasonBudgetSpent) {
			t.Errorf("got %v, want the attempt's own error and the refusal beside it", last)
		}
		if got := l.get(t, telemetry.LinkRefusals, "reason=retry_budget_spent"); got == 0 {
			t.Error("no refusal was counted")
		}
		l.wants(t, 0.75, telemetry.LinkRetryBudget)
	})
}

func TestAttemptTimeOutIsATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		start := time.Now()
		_, err := Do(t.Context(), l.Link, Op{Name: "Put"}, hang)
		if problem.CodeOf(err) != problem.Timeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a timeout", err)
		}
		if took := time.Since(start); took != 500*time.Millisecond {
			t.Errorf("took %v, want the attempt's 500ms", took)
		}
		l.wants(t, 1, telemetry.LinkAttempts, "outcome=timeout")
	})
}

func TestDeadlineBoundsTheWholeOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.Deadline, p.Attempts = 1200*time.Millisecond, 10
		l := newLab(t, p)
		start := time.Now()
		_, err := Do(t.Context(), l.Link, Op{Name: "Get", Retry: true}, hang)
		if took := time.Since(start); took != p.Deadline || problem.CodeOf(err) != problem.Timeout {
			t.Errorf("took %v and gave %v, want a timeout after %v", took, err, p.Deadline)
		}
		l.wants(t, 3, telemetry.LinkAttempts, "outcome=timeout")
	})
}

func TestCallersEarlierDeadlineWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 120*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := Do(ctx, newLab(t, testPolicy()).Link, Op{Name: "Get", Retry: true}, hang)
		if took := time.Since(start); took != 114*time.Millisecond || problem.CodeOf(err) != problem.Timeout {
			t.Errorf("took %v and gave %v, want a timeout after 114ms", took, err)
		}
	})
}

// A server's context is cancelled when its caller gives up, which is at the deadline that came with the call. Had our
// own time-out not come before, every such failure would count as a caller who left, and no breaker would ever open.
func TestCallersWhoLeaveAtTheirDeadlineStillOpenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		for range l.policy.Breaker.MinCalls {
			ctx, leave := context.WithTimeout(t.Context(), 105*time.Millisecond)
			time.AfterFunc(100*time.Millisecond, leave)
			if _, err := Do(ctx, l.Link, Op{Name: "Get", Retry: true}, hang); problem.CodeOf(err) != problem.Timeout {
				t.Errorf("got %v, want a timeout", err)
			}
		}
		if !l.Open() {
			t.Error("the breaker is still closed")
		}
	})
}

func TestCanceledParentIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, testPolicy())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		_, err := Do(ctx, l.Link, Op{Name: "Get", Retry: true}, hang)
		if problem.CodeOf(err) != problem.Canceled {
			t.Errorf("got %v, want canceled", err)
		}
		l.wants(t, 1, telemetry.LinkAttempts, "outcome=canceled")
	})
}

func TestCallerWhoLeavesDuringThePauseEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		start := time.Now()
		_, err := Do(ctx, newLab(t, testPolicy()).Link, Op{Name: "Get", Retry: true}, failed)
		if took := time.Since(start); took != 20*time.Millisecond || problem.CodeOf(err) != problem.Canceled {
			t.Errorf("took %v and gave %v, want canceled after 20ms", took, err)
		}
	})
}

func TestNothingGoesOutForACallerWhoHasLeft(t *testing.T) {
	l := newLab(t, testPolicy())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Do(ctx, l.Link, Op{Name: "Get", Retry: true}, func(context.Context) (int, error) {
		t.Error("called")
		return 0, nil
	})
	if problem.CodeOf(err) != problem.Canceled {
		t.Errorf("got %v, want canceled", err)
	}
	l.wants(t, 0, telemetry.LinkAttempts, "outcome=canceled")
}

func TestRetryAfterOfTheNeighbourIsRespected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := problem.New(problem.Unavailable, "", "busy").After(700 * time.Millisecond)
		s := &script{errs: []error{busy, nil}}
		if _, err := Do(t.Context(), newLab(t, testPolicy()).Link, Op{Name: "Get", Retry: true}, s.call); err != nil {
			t.Fatal(err)
		}
		if want := 750 * time.Millisecond; s.at[1] != want {
			t.Errorf("second attempt after %v, want %v: what was asked for, and the jitter", s.at[1], want)
		}
	})
}

func TestPauseThatDoesNotFitIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := problem.New(problem.Unavailable, "", "busy").After(3 * time.Second)
		start := time.Now()
		s := &script{errs: []error{busy}}
		_, err := Do(t.Context(), newLab(t, testPolicy()).Link, Op{Name: "Get", Retry: true}, s.call)
		if took := time.Since(start); took != 0 || len(s.at) != 1 || !errors.Is(err, busy) {
			t.Errorf("took %v for %d attempts and gave %v, want the first one's error at once", took, len(s.at), err)
		}
	})
}

// The first attempt may have had its effect; that the retry then found no place must not hide it.
func TestRefusedRetryKeepsTheAttemptsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPolicy()
		p.Bulkhead, p.AttemptTimeout = 1, 100*time.Millisecond
		l := newLab(t, p)
		time.AfterFunc(120*time.Millisecond, func() { // between the first attempt and the second
			Do(t.Context(), l.Link, Op{Name: "Get"}, hang)
		})
		_, err := Do(t.Context(), l.Link, Op{Name: "Put", Retry: true}, hang)
		if problem.CodeOf(err) != problem.Timeout || Refused(err) || !strings.Contains(err.Error(), ReasonBulkheadFull) {
			t.Errorf("got %v, want the timeout and the refusal beside it", err)
		}
		l.wants(t, 0, telemetry.LinkRetries)
	})
}

func TestFallbackAnswersForAnAbsentNeighbourOnly(t *testing.T) {
	for _, code := range outcomes() {
		l := newLab(t, testPolicy())
		v, err := DoOr(t.Context(), l.Link, Op{Name: "Get"},
			func(context.Context) (int, error) {
				if code == problem.OK {
					return 1, nil
				}
				return 0, problem.New(code, "", "answered")
			},
			func(_ context.Context, err error) (int, error) {
				if problem.CodeOf(err) != code {
					t.Errorf("%s: the fallback got %v", code, err)
				}
				return 2, nil
			})
		if got := v == 2 && err == nil; got != code.Outage() {
			t.Errorf("%s: got %d, %v; want the fallback's answer: %t", code, v, err, code.Outage())
		}
		want := map[bool]float64{true: 1}[code.Outage()]
		l.wants(t, want, telemetry.LinkFallbacks, "operation=Get")
		l.wants(t, 1, telemetry.LinkDuration, "outcome="+string(code))
	}
}

func TestFallbackHasTheCallersContextAndNotTheSpentOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := DoOr(t.Context(), newLab(t, testPolicy()).Link, Op{Name: "Get"}, hang,
			func(ctx context.Context, _ error) (int, error) { return 2, ctx.Err() })
		if err != nil {
			t.Errorf("the fallback's context: %v", err)
		}
	})
}

func TestFallbackThatFailsIsNotCountedAsAnAnswer(t *testing.T) {
	l := newLab(t, testPolicy())
	_, err := DoOr(t.Context(), l.Link, Op{Name: "Get"}, failed, func(_ context.Context, err error) (int, error) { return 0, err })
	if problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("got %v", err)
	}
	l.wants(t, 0, telemetry.LinkFallbacks, "operation=Get")
}

func TestNetworkErrorsGetTheirCode(t *testing.T) {
	tests := map[string]struct {
		err  error
		want problem.Code
	}{
		"refused":       {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, problem.Unavailable},
		"reset":         {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, problem.Unavailable},
		"half answer":   {io.ErrUnexpectedEOF, problem.Unavailable},
		"read deadline": {&net.OpError{Op: "read", Err: timeoutError{}}, problem.Timeout},
		"defect":        {errors.New("defect"), problem.Internal},
	}
	for name, test := range tests {
		_, err := Do(t.Context(), newLab(t, testPolicy()).Link, Op{Name: "Put"}, func(context.Context) (int, error) { return 0, test.err })
		if got := problem.CodeOf(err); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: got %s (%v), want %s around the cause", name, got, err, test.want)
		}
	}
}

// What happened decides, and not that the attempt's time was over when the call came back.
func TestAConnectionThatBrokeIsUnavailableAlsoAfterTheDeadline(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want problem.Code
	}{
		"refused":           {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, problem.Unavailable},
		"reset":             {fmt.Errorf("%w: %w", context.DeadlineExceeded, syscall.ECONNRESET), problem.Unavailable},
		"hung up":           {fmt.Errorf("read answer: %w", io.EOF), problem.Unavailable},
		"closed by us":      {&net.OpError{Op: "read", Err: net.ErrClosed}, problem.Timeout},
		"pipe closed by us": {io.ErrClosedPipe, problem.Timeout},
		"nothing known":     {errors.New("gave up"), problem.Timeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := Do(t.Context(), newLab(t, testPolicy()).Link, Op{Name: "Put"}, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, test.err
			})
			if got := problem.CodeOf(err); got != test.want || !errors.Is(err, test.err) {
				t.Errorf("%s: got %s (%v), want %s around the cause", name, got, err, test.want)
			}
		})
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
