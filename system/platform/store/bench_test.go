package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
)

var orders = migrations("orders", `
CREATE TABLE orders (id TEXT PRIMARY KEY, customer TEXT NOT NULL, state TEXT NOT NULL, placed_at BIGINT NOT NULL);
CREATE TABLE outbox (id TEXT PRIMARY KEY, type TEXT NOT NULL, payload TEXT NOT NULL);`)

// place writes n orders and their events.
func place(n int) func(ctx context.Context, tx *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		for range n {
			id := uuid.NewString()
			if _, err := tx.Exec(ctx, "INSERT INTO orders (id, customer, state, placed_at) VALUES ($1, $2, $3, $4)", id, "ann", "placed", 1); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "INSERT INTO outbox (id, type, payload) VALUES ($1, $2, $3)", id, "order.created.v1", `{"order":1}`); err != nil {
				return err
			}
		}
		return nil
	}
}

// BenchmarkPlaceOrder is an order and its event in one transaction, alone and in batches of 100, one client at a time.
func BenchmarkPlaceOrder(b *testing.B) {
	linkedSQLite := func(tb testing.TB) string {
		return storetest.SQLite(tb) + "?link=" + respond(tb).listener.Addr().String()
	}
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "linked": linkedSQLite, "postgres": storetest.Postgres} {
		for _, n := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				db := storetest.Open(b, url(b), orders)
				b.ReportAllocs()
				for b.Loop() {
					must(b, db.InTx(b.Context(), "place", place(n)))
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "orders/s")
			})
		}
	}
}
