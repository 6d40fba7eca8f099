package work

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// releaseTimeout bounds the giving back of an item.
const releaseTimeout = 2 * time.Second

// do does one item within its lease. A panic is the item's own fault: a crash would only come again with it.
func (w *Worker[T]) do(ctx context.Context, item T) (err error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.Lease)
	defer cancel()
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("work on %s panicked: %v\n%s", w.config.Name, p, debug.Stack())
		}
		telemetry.Observe(ctx, w.took.WithLabelValues(w.config.Name, string(problem.CodeOf(err))), time.Since(start).Seconds())
	}()
	return w.source.Do(ctx, item)
}

// settle draws the consequences of a result. Of several items that meet the same outage, only the first closes the
// gate; after that only the probe has a say.
func (w *Worker[T]) settle(ctx context.Context, r result[T]) {
	if r.err == nil {
		w.passed(r)
		return
	}
	if !events.Blameless(r.err) {
		w.passed(r)
		w.tel.Log.Warn().Ctx(ctx).Err(r.err).Str("backlog", w.config.Name).Msg("work failed")
		w.release(ctx, r, ItemDelay)
		return
	}
	if w.gate.Open() || r.probe {
		w.gate.Outage(r.err)
	}
	w.release(ctx, r, w.gate.Rest())
}

// passed opens the gate after a probe, and then wider with each item: the dependency has answered.
func (w *Worker[T]) passed(r result[T]) {
	if r.probe || w.gate.Open() { // one that began before the outage says nothing of its end
		w.gate.Passed()
	}
}

// release gives an item back. While the table is away too, that must wait: see repay.
func (w *Worker[T]) release(ctx context.Context, r result[T], delay time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	if err := w.source.Release(ctx, []T{r.item}, time.Now().Add(delay)); err != nil {
		w.tel.Log.Warn().Ctx(ctx).Err(err).Str("backlog", w.config.Name).Msg("work was not given back yet")
		w.owed = append(w.owed, r)
	}
}

// repay gives back what could not be given back before, or nobody would do it until its lease is over. By then it may be
// somebody else's.
func (w *Worker[T]) repay(ctx context.Context) error {
	var items []T
	for _, r := range w.owed {
		if time.Now().Before(r.until) {
			items = append(items, r.item)
		}
	}
	if len(items) > 0 {
		if err := w.source.Release(ctx, items, time.Now()); err != nil {
			return err
		}
	}
	w.owed = nil
	return nil
}

// watch reads the backlog's metrics now and then. While the table cannot be read they stay as they were.
func (w *Worker[T]) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.look(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (w *Worker[T]) look(ctx context.Context) {
	depth, oldest, err := w.source.Backlog(ctx)
	if err != nil {
		return
	}
	w.depth.Set(float64(depth))
	w.age.Set(0)
	if depth > 0 && !oldest.IsZero() {
		w.age.Set(max(0, time.Since(oldest).Seconds()))
	}
}
