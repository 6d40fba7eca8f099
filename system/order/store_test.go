package order

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
)

func (b *bench) oldest(t *testing.T) (at time.Time, open bool) {
	t.Helper()
	err := b.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) (err error) {
		at, open, err = oldestOpen(ctx, tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return at, open
}

func TestTheOldestOpenOrderIsPendingOrConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		if at, open := b.oldest(t); open {
			t.Errorf("without orders the oldest open one is of %v", at)
		}
		final, confirmed, pending := b.create(t, "1"), b.create(t, "2"), b.create(t, "3")
		b.hear(t, final.ID, causeDeclined)
		b.hear(t, confirmed.ID, causePaid)
		for _, o := range []Order{confirmed, pending} {
			if at, open := b.oldest(t); !open || at.UnixMicro() != o.Created.UnixMicro() {
				t.Errorf("got %v, %v; want the order of %v", at, open, o.Created)
			}
			b.hear(t, o.ID, causePaid, causeDispatched)
		}
		if at, open := b.oldest(t); open {
			t.Errorf("when all are final the oldest open one is of %v", at)
		}
	})
}

// The oldest open order is asked for all the time; that must not cost more with each order that was ever shipped.
func TestTheOldestOpenOrderIsFoundByIndexes(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	var plan []string
	err := b.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, "EXPLAIN QUERY PLAN "+queryOldest)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			plan = append(plan, step)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range []string{"orders_open", "orders_confirmed"} {
		if !slices.ContainsFunc(plan, func(step string) bool { return strings.HasSuffix(step, "INDEX "+index) }) {
			t.Errorf("the plan does not use %s: %q", index, plan)
		}
	}
}
