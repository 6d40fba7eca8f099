package work

import (
	"context"
	"time"

	"stormglass/system/platform/events"
)

// result is what became of one item.
type result[T any] struct {
	item T
	err  error
	// probe: it was let through alone, to see whether the dependency is back.
	probe bool
	// until is when its lease is over, at the earliest.
	until time.Time
}

// Run works until ctx ends. Items under way then get a short grace, after which their context ends too, and so does a claim:
// one that is cut off may have leased items that nobody hears of.
func (w *Worker[T]) Run(ctx context.Context) error {
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		w.watch(ctx)
	}()
	items, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, stop) })()
	busy := w.loop(ctx, items)
	w.finish(items, busy)
	<-watching
	return nil
}

// loop claims and starts items, and gives how many are under way in the end. One that comes alone is started at once;
// after that a beat passes before the next claim, so that more may be claimed together.
func (w *Worker[T]) loop(ctx, items context.Context) (busy int) {
	poll := time.NewTicker(w.config.Poll)
	defer poll.Stop()
	probe := time.NewTimer(0)
	defer probe.Stop()
	beat := time.NewTimer(0)
	defer beat.Stop()
	var last time.Time // when items were last started
	due, more := true, false
	for ctx.Err() == nil {
		if due && (w.gate.Open() || busy == 0 && w.gate.Rest() == 0) {
			if early := time.Until(last.Add(events.Beat)); early > 0 {
				beat.Reset(early)
			} else if n := w.start(ctx, items, busy); n > 0 {
				busy, last = busy+n, time.Now()
			}
			due, more = false, busy >= w.gate.Limit(w.config.Concurrency)
		}
		if !w.gate.Open() && busy == 0 {
			probe.Reset(w.gate.Rest())
		}
		select {
		case <-w.wake:
			due = true
		case <-poll.C:
			due = true
		case <-beat.C:
			due = true
		case <-probe.C:
			due = true
		case r := <-w.done:
			busy--
			w.settle(items, r)
			due = due || more
		case <-ctx.Done():
		}
	}
	return busy
}

// start claims as many items as there are free places, and starts them.
func (w *Worker[T]) start(ctx, items context.Context, busy int) int {
	free := w.gate.Limit(w.config.Concurrency) - busy
	if free <= 0 {
		return 0
	}
	until := time.Now().Add(w.config.Lease)
	claimed, err := w.claim(items, free)
	if err != nil {
		if ctx.Err() == nil {
			w.gate.Outage(err)
		}
		return 0
	}
	probe := !w.gate.Open()
	if probe && len(claimed) == 0 {
		w.gate.Passed() // nothing waits, so nothing is held up
	}
	for _, item := range claimed {
		go func() { w.done <- result[T]{item, w.do(items, item), probe, until} }()
	}
	return len(claimed)
}

func (w *Worker[T]) claim(ctx context.Context, n int) ([]T, error) {
	if err := w.repay(ctx); err != nil {
		return nil, err
	}
	return w.source.Claim(ctx, n, w.config.Lease)
}

// finish waits for the items under way, and gives back those that do not end within the grace.
func (w *Worker[T]) finish(items context.Context, busy int) {
	for ; busy > 0; busy-- {
		w.settle(context.WithoutCancel(items), <-w.done)
	}
}
