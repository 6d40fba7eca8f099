package product

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stormglass/system/api/catalogue"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

const (
	// settle is how long after its announcement a change may come: so long every poll reads what changed. The clocks of
	// two instances may differ by as much: twice as far back it reads.
	settle = 5 * time.Second
	// longestPause between polls while the source is away, and beginPause before the first has succeeded.
	longestPause = 2 * time.Second
	beginPause   = 100 * time.Millisecond
)

// source is what the copies are made from.
type source interface {
	All(ctx context.Context) ([]Product, error)
	Add(ctx context.Context, products []Product) error
	Changes(ctx context.Context) (int64, error)
	ChangedSince(ctx context.Context, since time.Time) ([]Product, error)
}

// refresher keeps the index equal to its source, whichever instance changes that.
type refresher struct {
	tel    *telemetry.Telemetry
	source source
	index  *index
	now    func() time.Time

	seen    int64     // the announcement that was read last
	settled time.Time // until then changes may follow it
	since   time.Time // and they are not older than this

	mu        sync.Mutex
	confirmed time.Time // when the copies were known to be what the source had
}

// begin loads, and waits for the source as long as it is away.
func (r *refresher) begin(ctx context.Context) error {
	for {
		err := r.load(ctx)
		if err == nil || !problem.CodeOf(err).Outage() {
			return err
		}
		r.tel.Log.Warn().Err(err).Msg("catalogue cannot be read yet")
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the catalogue: %w", ctx.Err())
		case <-time.After(beginPause):
		}
	}
}

// load fills the index for the first time, and the source too where goods of the catalogue are missing from it.
func (r *refresher) load(ctx context.Context) error {
	start := r.now()
	seen, err := r.source.Changes(ctx)
	if err != nil {
		return err
	}
	products, err := r.source.All(ctx)
	if err != nil {
		return err
	}
	if missing := absent(products); len(missing) > 0 {
		if err := r.source.Add(ctx, missing); err != nil {
			return err
		}
		products = append(products, missing...)
		r.tel.Log.Info().Int("products", len(missing)).Msg("catalogue seeded")
	}
	if r.seen = seen; seen > 0 {
		r.settled, r.since = start.Add(settle), start.Add(-2*settle)
	}
	return r.take(products, start)
}

// absent gives the goods of the catalogue that are not among the products. They are older than any change.
func absent(products []Product) []Product {
	there := make(map[ID]bool, len(products))
	for _, p := range products {
		there[p.ID] = true
	}
	var missing []Product
	for _, c := range catalogue.Products() {
		if there[ID(c.ID)] {
			continue
		}
		missing = append(missing, Product{
			ID: ID(c.ID), Title: c.Title, Description: c.Description, Brand: c.Brand, Category: c.Category,
			Price: money.Of(c.Price, catalogue.Currency), Attributes: c.Attributes, Updated: time.UnixMicro(1),
		})
	}
	return missing
}

// follow reads what changed, every so often until ctx ends. While the source is away it asks less often.
func (r *refresher) follow(ctx context.Context, every time.Duration) error {
	pause, away := every, false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		err := r.refresh(ctx)
		switch {
		case err == nil:
			if away {
				r.tel.Log.Info().Msg("catalogue followed again")
			}
			pause, away = every, false
		case ctx.Err() == nil:
			if !away {
				r.tel.Log.Warn().Err(err).Msg("catalogue not followed: copies grow old")
			}
			pause, away = min(2*pause, max(every, longestPause)), true
		}
	}
}

// refresh reads what changed since the last time.
func (r *refresher) refresh(ctx context.Context) error {
	start := r.now()
	seen, err := r.source.Changes(ctx)
	if err != nil {
		return fmt.Errorf("look for changes: %w", err)
	}
	if seen != r.seen {
		r.settled, r.since = start.Add(settle), r.confirmed.Add(-2*settle)
	}
	var changed []Product
	if start.Before(r.settled) {
		if changed, err = r.source.ChangedSince(ctx, r.since); err != nil {
			return err
		}
	}
	r.seen = seen
	return r.take(changed, start)
}

// take puts products that were read from the source into the index, which is then as the source was at a time.
func (r *refresher) take(products []Product, asOf time.Time) error {
	if _, err := r.index.put(products...); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.confirmed = asOf
	return nil
}

// age says how old the copies may be.
func (r *refresher) age() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now().Sub(r.confirmed)
}
