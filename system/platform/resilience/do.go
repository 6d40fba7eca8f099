package resilience

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/problem"
)

// Op is one kind of operation on a link.
type Op struct {
	// Name is a metric label, so there must be few of them: "GetProduct", "create charge".
	Name string
	// Retry allows more than one attempt: for reads, and for writes that the neighbour knows by a key.
	Retry bool
}

// Do runs an operation under the link's policy and gives what its last attempt came to. The call must return soon after
// its context has ended, and must not use that context afterwards.
//
// When a retry is refused (breaker, budget), the error is the last attempt's own, with the refusal beside it.
func Do[T any](ctx context.Context, l *Link, op Op, call func(ctx context.Context) (T, error)) (T, error) {
	start := time.Now()
	v, err := operate(ctx, l, op, call)
	l.metrics.operationDone(ctx, op, err, time.Since(start))
	return v, err
}

// DoOr is Do with an answer of second choice for the time in which the neighbour is away. The fallback is asked when the
// operation ended in an outage or in a refusal of our own; it gets the caller's context and the operation's error.
func DoOr[T any](ctx context.Context, l *Link, op Op, call func(ctx context.Context) (T, error), fallback func(ctx context.Context, err error) (T, error)) (T, error) {
	answered := l.metrics.fallbacks.WithLabelValues(op.Name)
	v, err := Do(ctx, l, op, call)
	if !problem.CodeOf(err).Outage() {
		return v, err
	}
	v, err = fallback(ctx, err)
	if err == nil {
		answered.Inc()
	}
	return v, err
}

// operate is deadline(retry(…)).
func operate[T any](caller context.Context, l *Link, op Op, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(caller, l.limit(caller))
	defer cancel()
	l.budget.deposit()
	v, err := attempt(ctx, l, call)
	for tried := 1; op.Retry && tried < l.policy.Attempts && retryable(err); tried++ {
		pause := l.pause(tried, err)
		if !fits(ctx, pause) {
			return v, err
		}
		if refusal := l.refuseRetry(ctx); refusal != nil {
			return v, withRefusal(err, refusal)
		}
		if sleep(ctx, pause) != nil {
			return v, problem.Wrap(err, problem.Canceled, "", "the caller left before the next attempt")
		}
		next, again := attempt(ctx, l, call)
		if Refused(again) {
			return v, withRefusal(err, again)
		}
		l.retried(ctx, tried, pause, err)
		v, err = next, again
	}
	return v, err
}

// limit is how long the operation may take. Of a caller's own earlier deadline the last twentieth is left free: callers
// leave when it is over, and by then the time-out must be ours to count, to answer or to fall back from.
func (l *Link) limit(caller context.Context) time.Duration {
	end, ok := caller.Deadline()
	if !ok {
		return l.policy.Deadline
	}
	left := time.Until(end)
	return min(l.policy.Deadline, left-left/20)
}

// refuseRetry stops a retry before its pause: while the neighbour rests, and when the budget is spent.
func (l *Link) refuseRetry(ctx context.Context) error {
	if l.Open() {
		return l.refuseOpen(ctx)
	}
	if !l.budget.withdraw() {
		return l.refuse(ctx, ReasonBudgetSpent, l.server+" fails too often to be asked again")
	}
	return nil
}

// withRefusal keeps the attempt's error first, because its code tells what may have happened.
func withRefusal(err, refusal error) error {
	return fmt.Errorf("%w; not tried again: %w", err, refusal)
}

func (l *Link) retried(ctx context.Context, tried int, pause time.Duration, because error) {
	l.metrics.retries.Inc()
	trace.SpanFromContext(ctx).AddEvent("link retried", trace.WithAttributes(
		attribute.String("link", l.Name()), attribute.Int("attempt", tried+1),
		attribute.String("because", string(problem.CodeOf(because))), attribute.Int64("pause_us", pause.Microseconds())))
}

// pause draws the time before the next attempt: full jitter under a bound that doubles, on top of what the neighbour
// asked for.
func (l *Link) pause(tried int, err error) time.Duration {
	bound := l.policy.Backoff
	for range tried - 1 {
		bound = min(2*bound, l.policy.MaxBackoff)
	}
	return retryAfter(err) + time.Duration(l.random()*float64(bound))
}

// fits says whether there is time left for another attempt after the pause.
func fits(ctx context.Context, pause time.Duration) bool {
	end, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(end) > pause)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
