package payment

import (
	"context"
	"maps"
	"time"

	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

const (
	// stretch is how much of the past is compared together, and stretchesAtOnce how many of these in one go: an hour.
	stretch         = time.Minute
	stretchesAtOnce = 60
	// lookAgainAtOnce is how many known mismatches are looked at again in one go.
	lookAgainAtOnce = 100
)

// reconciler compares our books with the processor's, stretch by stretch and one call at a time: every charge that was
// created there, and every payment that was settled here. What does not agree is looked at again until it does. Refunds are
// looked at again when they are older, since one that has succeeded may still fail.
//
//	     compared          │◀─ one stretch ─▶│   not settled yet      now
//	───────────────────────┼─────────────────┼──────────────────────▶
//	                  books_compared         now - after
type reconciler struct {
	tel     *telemetry.Telemetry
	db      *store.DB
	books   Books
	figures bookFigures
	// after is how long a charge is left alone before it is compared.
	after time.Duration
	// again are the ages at which refunds are compared once more; refundFailed takes in that one has failed meanwhile.
	again        []time.Duration
	refundFailed func(ctx context.Context, id IntentID, refund Refund) error
	now          func() time.Time
	// until is up to when the books are compared, open what does not agree: what the tables hold. Only once uses them.
	until time.Time
	open  map[IntentID]Kind
}

// run compares every so often until ctx ends. While the processor is away the books wait: nothing is skipped.
func (r *reconciler) run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := r.once(ctx); err != nil && ctx.Err() == nil {
			r.tel.Log.Warn().Err(err).Msg("books not compared with the card processor's")
		}
	}
}

// once looks again at what did not agree, and compares what has come since the last time. The figures are told whatever
// goes wrong on the way: how far back nothing is compared grows all the while.
func (r *reconciler) once(ctx context.Context) (err error) {
	defer r.tell()
	if err := r.countFailed(ctx); err != nil {
		return err
	}
	horizon := r.now().Add(-r.after).Truncate(time.Second) // the processor's times are whole seconds
	if r.until, err = r.comparedUntil(ctx, horizon); err != nil {
		return err
	}
	if r.open, err = r.mismatches(ctx); err != nil {
		return err
	}
	if err := r.lookAgain(ctx); err != nil {
		return err
	}
	return r.catchUp(ctx, horizon)
}

// catchUp compares one stretch after the other.
func (r *reconciler) catchUp(ctx context.Context, horizon time.Time) error {
	for range stretchesAtOnce {
		if !r.until.Before(horizon) {
			break
		}
		to := r.until.Add(stretch)
		if to.After(horizon) {
			to = horizon
		}
		if err := r.compare(ctx, r.until, to); err != nil {
			return err
		}
		if err := r.advance(ctx, r.until, to); err != nil {
			return err
		}
		r.until = to
	}
	return nil
}

// compare takes the charges that were created there in a stretch, and then what was settled here in it and is not among
// them.
func (r *reconciler) compare(ctx context.Context, from, to time.Time) error {
	seen := map[IntentID]bool{}
	for after, more := IntentID(""), true; more; {
		var page []Booked
		var err error
		if page, more, err = r.books.List(ctx, from, to, after); err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].ID
		for _, b := range page {
			seen[b.ID] = true
		}
		if err := r.comparePage(ctx, page); err != nil {
			return err
		}
	}
	settled, err := r.settledIn(ctx, from, to, false)
	if err != nil {
		return err
	}
	for _, age := range r.again {
		older, err := r.settledIn(ctx, from.Add(-age), to.Add(-age), true)
		if err != nil {
			return err
		}
		settled = append(settled, older...)
	}
	for _, id := range settled {
		if !seen[id] {
			if err := r.lookAt(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reconciler) comparePage(ctx context.Context, page []Booked) error {
	ours, err := r.paymentsOf(ctx, page)
	if err != nil {
		return err
	}
	for _, b := range page {
		if err := r.note(ctx, charge{b.ID, ours[b.ID], &b}); err != nil {
			return err
		}
	}
	return nil
}

// lookAt compares one charge, by asking for it.
func (r *reconciler) lookAt(ctx context.Context, id IntentID) error {
	c := charge{id: id}
	booked, known, err := r.books.Look(ctx, id)
	if err != nil {
		return err
	}
	if known {
		c.theirs = &booked
	}
	ours, err := r.paymentsOf(ctx, []Booked{{ID: id}})
	if err != nil {
		return err
	}
	c.ours = ours[id]
	return r.note(ctx, c)
}

// lookAgain takes as many mismatches as fit, in no order, so that each has its turn.
func (r *reconciler) lookAgain(ctx context.Context) error {
	left := lookAgainAtOnce
	for id := range maps.Clone(r.open) {
		if left--; left < 0 {
			break
		}
		if err := r.lookAt(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
