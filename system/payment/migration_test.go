package payment

import (
	"context"
	"testing"
	"testing/fstest"

	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
)

// A database of the version before has its rows afterwards, and takes the new states.
func TestAnExistingDatabaseKeepsItsPayments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		before := fstest.MapFS{}
		for _, name := range []string{"migrations/00001_payments.sql", "migrations/00002_books.sql"} {
			text, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			before[name[len("migrations/"):]] = &fstest.MapFile{Data: text}
		}
		const old = `INSERT INTO payments (order_id, user_id, amount_minor, currency, card_ref, state, reason, intent_id, order_known, stock_reserved,
			attempts, origin, since_us, lease_us, next_us) VALUES ($1, 'alice', 1299, 'EUR', 'card_1', 'refunding', '', $2, 1, 1, 2, '{}', 1000, 0, 1000)`
		insertOld := func(db *store.DB, order string) {
			t.Helper()
			err := db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, old, order, "pi_"+order)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		insertOld(storetest.Open(t, url, store.Migrations{Name: migrations().Name, Files: before}), "o1")
		db := storetest.Open(t, url, migrations())
		insertOld(db, "o2") // by an instance of the version before, which still runs
		claimed, err := toDo(db).Claim(t.Context(), 10, 0)
		if err != nil || len(claimed) != 2 || claimed[0].Amount != price || claimed[0].RefundsFailed != 0 || claimed[0].Attempts != 3 {
			t.Fatalf("claimed %+v, %v; want both payments", claimed, err)
		}
		for _, state := range []State{RefundPending, RefundFailed} {
			after := claimed[0]
			after.State = state
			err := db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
				moved, err := update(ctx, tx, after, claimed[0], after.Since)
				if err == nil && !moved {
					t.Errorf("the payment was not moved to %s", state)
				}
				return err
			})
			if err != nil {
				t.Errorf("move to %s: %v", state, err)
			}
			claimed[0] = after
		}
	})
}
