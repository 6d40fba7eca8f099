package store_test

import (
	"context"
	"testing"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

// What a client sends may hold characters that only one of the databases takes. Both refuse them alike, as the client's
// mistake, in what is written and in what is looked for; the transaction lives on.
func TestTextThatADatabaseCannotKeepIsTheClientsMistake(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db.InTx(t.Context(), "open", func(ctx context.Context, tx *store.Tx) error {
			for _, text := range []string{"a\x00b", "a\xffb"} {
				_, err := tx.Exec(ctx, "INSERT INTO accounts (id, owner, balance) VALUES ($1, $2, 0)", "cid", text)
				if got := problem.CodeOf(err); got != problem.Invalid {
					t.Errorf("writing %q: got %v, want invalid", text, err)
				}
				var n int
				err = tx.QueryRow(ctx, "SELECT COUNT(*) FROM accounts WHERE id = $1", text).Scan(&n)
				if got := problem.CodeOf(err); got != problem.Invalid {
					t.Errorf("looking for %q: got %v, want invalid", text, err)
				}
			}
			return deposit(ctx, tx, "ann", 1)
		}))
		if got := balance(t, db, "ann"); got != 101 {
			t.Errorf("balance is %d, want 101: the transaction goes on", got)
		}
	})
}
