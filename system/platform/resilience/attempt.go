package resilience

import (
	"context"
	"errors"
)

// attempt is breaker(bulkhead(attempt time-out(call))).
func attempt[T any](ctx context.Context, l *Link, call func(context.Context) (T, error)) (v T, err error) {
	if ctx.Err() != nil { // nothing goes out for a caller who has left
		return v, classify(ctx, ctx, l.server, ctx.Err())
	}
	p, ok := l.breaker.acquire()
	if !ok {
		return v, l.refuseOpen(ctx)
	}
	said := neither
	defer func() { l.breaker.settle(p, said) }()
	if err := l.enter(ctx); err != nil {
		return v, err
	}
	defer l.leave()
	v, err = timed(ctx, l, call)
	said = judge(ctx, err)
	return v, err
}

func (l *Link) refuseOpen(ctx context.Context) error {
	return l.refuse(ctx, ReasonBreakerOpen, l.server+" is left alone after it failed").After(l.breaker.rest())
}

// enter waits for a place in the bulkhead. That none came free in time is never the neighbour's failure, not even when
// it was the deadline that ran out.
func (l *Link) enter(ctx context.Context) error {
	if l.bulkhead == nil {
		return nil
	}
	err := l.bulkhead.AcquirePermitWithMaxWait(ctx, l.policy.BulkheadWait)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return classify(ctx, ctx, l.server, err)
	}
	return l.refuse(ctx, ReasonBulkheadFull, "too many calls to "+l.server+" are under way")
}

func (l *Link) leave() {
	if l.bulkhead != nil {
		l.bulkhead.ReleasePermit()
	}
}

// timed makes one call under the attempt's time-out. A call that succeeded late has still succeeded.
func timed[T any](operation context.Context, l *Link, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(operation, l.policy.AttemptTimeout)
	defer cancel()
	l.metrics.inFlight.Inc()
	defer l.metrics.inFlight.Dec()
	v, err := call(ctx)
	err = classify(operation, ctx, l.server, err)
	l.metrics.attemptDone(err)
	return v, err
}
