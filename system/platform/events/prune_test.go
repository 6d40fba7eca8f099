package events

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

func TestBeforeSeparatesUUIDsByTheirTime(t *testing.T) {
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	made := time.Now()
	if cut := before(made.Add(-time.Second)); id.String() < cut {
		t.Errorf("id %s is older than a second ago, %s", id, cut)
	}
	if cut := before(made.Add(time.Second)); id.String() >= cut {
		t.Errorf("id %s is younger than in a second, %s", id, cut)
	}
}

func TestPruningKeepsTheCounts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		db := storetest.Open(t, url, Migrations())
		o := NewOutbox(telemetry.Discard("order"), db, nil, "order")
		fill(t, db, o, pruneLimit+5)
		if err := pruneOutbox(t.Context(), db, time.Now().Add(outboxKept/2)); err != nil {
			t.Fatal(err)
		}
		want(t, db, `SELECT COUNT(*) FROM outbox`, pruneLimit+6)
		for range 2 { // the second finds nothing more
			if err := pruneOutbox(t.Context(), db, time.Now().Add(outboxKept+time.Minute)); err != nil {
				t.Fatal(err)
			}
			if err := pruneInbox(t.Context(), db, "q.payment", time.Now().Add(inboxKept+time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		want(t, db, `SELECT COUNT(*) FROM outbox`, 1) // the unsent one stays, however old
		want(t, db, `SELECT COUNT(*) FROM outbox WHERE sent_us = 0`, 1)
		want(t, db, `SELECT events FROM outbox_pruned WHERE type = 'order.created.v1'`, pruneLimit+5)
		want(t, db, `SELECT COUNT(*) FROM inbox WHERE queue = 'q.payment'`, 0)
		want(t, db, `SELECT events FROM inbox_pruned WHERE queue = 'q.payment' AND type = 'order.created.v1'`, pruneLimit+5)
		want(t, db, `SELECT COUNT(*) FROM inbox WHERE queue = 'q.other'`, 1)
		want(t, db, `SELECT COUNT(*) FROM inbox_attempts`, 0)
	})
}

// fill adds n sent events and one that is not, an inbox row for each, one of another queue, and a spent attempt.
func fill(t *testing.T, db *store.DB, o *Outbox, n int) {
	t.Helper()
	batch := make([]Event, n+1)
	for i := range batch {
		id, err := uuid.NewV7()
		if err != nil {
			t.Fatal(err)
		}
		batch[i] = Event{ID: id.String(), Type: "order.created.v1", Key: "k", Time: time.Now(), Data: []byte{}}
	}
	err := db.InTx(t.Context(), "fill", func(ctx context.Context, tx *store.Tx) error {
		if err := o.Add(ctx, tx, batch...); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE outbox SET sent_us = time_us WHERE id <> $1`, batch[n].ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context, *store.Tx, []int) error { return nil }
	payment, other := &inbox{db: db, queue: "q.payment"}, &inbox{db: db, queue: "q.other"}
	for _, err := range []error{
		payment.apply(t.Context(), batch[:n], nothing),
		other.apply(t.Context(), batch[:1], nothing),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, err := payment.failed(t.Context(), batch[n]); got != 1 || err != nil {
		t.Fatalf("got attempt %d and %v, want 1", got, err)
	}
}

func want(t *testing.T, db *store.DB, query string, n int) {
	t.Helper()
	var got int
	err := db.Read(t.Context(), "count", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, query).Scan(&got)
	})
	if err != nil || got != n {
		t.Errorf("%s: got %d and %v, want %d", query, got, err, n)
	}
}

func TestAuditTablesCanBeRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		db := storetest.Open(t, url, Migrations())
		fill(t, db, NewOutbox(telemetry.Discard("order"), db, nil, "order"), 2)
		for _, table := range AuditTables() {
			err := db.Read(t.Context(), "audit", func(ctx context.Context, tx *store.Tx) error {
				rows, err := tx.Query(ctx, table.Query)
				if err != nil {
					return err
				}
				return rows.Close()
			})
			if err != nil {
				t.Errorf("%s: %v", table.Name, err)
			}
		}
	})
}
