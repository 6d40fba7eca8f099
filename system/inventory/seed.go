package inventory

import (
	"context"
	"fmt"
	"strings"

	"stormglass/system/api/catalogue"
	"stormglass/system/platform/store"
)

// seedAtOnce is how many products one statement inserts.
const seedAtOnce = 150

// seed fills the shelves of a new shop. Products that are there already keep what they have.
func seed(ctx context.Context, db *store.DB, products []catalogue.Product) error {
	empty := false
	err := db.Read(ctx, "look for stock", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) = 0 FROM stock`).Scan(&empty)
	})
	if err != nil || !empty {
		return err
	}
	return db.InTx(ctx, "seed stock", func(ctx context.Context, tx *store.Tx) error {
		for rest := products; len(rest) > 0; {
			n := min(seedAtOnce, len(rest))
			if err := insertStock(ctx, tx, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	})
}

func insertStock(ctx context.Context, tx *store.Tx, products []catalogue.Product) error {
	var values []string
	var args []any
	for _, p := range products {
		id, n := len(args)+1, len(args)+2
		values = append(values, fmt.Sprintf("($%d, $%d, $%d, 0, 0)", id, n, n))
		args = append(args, p.ID, p.Stock)
	}
	_, err := tx.Exec(ctx, `INSERT INTO stock (product_id, received, available, reserved, sold) VALUES `+
		strings.Join(values, ", ")+` ON CONFLICT DO NOTHING`, args...)
	if err != nil {
		return fmt.Errorf("insert stock: %w", err)
	}
	return nil
}
