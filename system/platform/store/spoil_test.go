package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

const duplicate = "INSERT INTO accounts (id, owner, balance) VALUES ('ann', 'X', 1)"

func TestAFailedStatementSpoilsTheTransactionOnBothDatabases(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		err := db.InTx(t.Context(), "swallow", func(ctx context.Context, tx *store.Tx) error {
			_, _ = tx.Exec(ctx, duplicate)
			if err := deposit(ctx, tx, "ann", 11); !errors.Is(err, store.ErrConflict) {
				t.Errorf("the next statement got %v, want the conflict again", err)
			}
			return nil
		})
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want the conflict that was swallowed", err)
		}
		if got := balance(t, db, "ann"); got != 100 {
			t.Errorf("balance is %d, want 100", got)
		}
	})
}

func TestASavepointTakesBackAFailureAndTheRestIsCommitted(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db.InTx(t.Context(), "batch", func(ctx context.Context, tx *store.Tx) error {
			must(t, deposit(ctx, tx, "ann", 1))
			failed := tx.Savepoint(ctx, func() error {
				must(t, deposit(ctx, tx, "ann", 10))
				_, err := tx.Exec(ctx, duplicate)
				return err
			})
			if !errors.Is(failed, store.ErrConflict) {
				t.Errorf("the savepoint gave %v, want the conflict", failed)
			}
			return tx.Savepoint(ctx, func() error { return deposit(ctx, tx, "ann", 100) })
		}))
		if got, want := balance(t, db, "ann"), int64(100+1+100); got != want {
			t.Errorf("balance is %d, want %d", got, want)
		}
	})
}

func TestSavepointsNest(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		no := errors.New("no")
		must(t, db.InTx(t.Context(), "nest", func(ctx context.Context, tx *store.Tx) error {
			return tx.Savepoint(ctx, func() error {
				must(t, deposit(ctx, tx, "ann", 1))
				err := tx.Savepoint(ctx, func() error { must(t, deposit(ctx, tx, "ann", 10)); return no })
				if !errors.Is(err, no) {
					t.Errorf("inner savepoint gave %v, want %v", err, no)
				}
				return nil
			})
		}))
		if got := balance(t, db, "ann"); got != 101 {
			t.Errorf("balance is %d, want 101", got)
		}
	})
}

func TestASavepointThatSwallowsAFailureIsTakenBackToo(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db.InTx(t.Context(), "swallow", func(ctx context.Context, tx *store.Tx) error {
			err := tx.Savepoint(ctx, func() error {
				must(t, deposit(ctx, tx, "ann", 10))
				_, _ = tx.Exec(ctx, duplicate)
				return nil
			})
			if !errors.Is(err, store.ErrConflict) {
				t.Errorf("the savepoint gave %v, want the conflict that was swallowed", err)
			}
			return nil
		}))
		if got := balance(t, db, "ann"); got != 100 {
			t.Errorf("balance is %d, want 100", got)
		}
	})
}

func TestATransactionThatRanOutOfTimeIsRolledBackAndCannotGoOn(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := db.InTx(ctx, "slow", func(ctx context.Context, tx *store.Tx) error {
			must(t, deposit(ctx, tx, "ann", 11))
			<-ctx.Done()
			_ = tx.Savepoint(context.WithoutCancel(ctx), func() error { return deposit(ctx, tx, "ben", 11) })
			return nil
		})
		if got := problem.CodeOf(err); got != problem.Timeout {
			t.Errorf("got %v (%v), want %v", got, err, problem.Timeout)
		}
		if a, b := balance(t, db, "ann"), balance(t, db, "ben"); a != 100 || b != 50 {
			t.Errorf("balances are %d and %d, want 100 and 50", a, b)
		}
	})
}

func TestAStatementThatRunsTooLongIsStopped(t *testing.T) {
	const forever = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
	each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := db.InTx(ctx, "count", func(ctx context.Context, tx *store.Tx) error {
			var n int64
			return tx.QueryRow(ctx, forever).Scan(&n)
		})
		if got := problem.CodeOf(err); got != problem.Timeout {
			t.Errorf("got %v (%v), want %v", got, err, problem.Timeout)
		}
		must(t, db.InTx(t.Context(), "next", func(ctx context.Context, tx *store.Tx) error { return deposit(ctx, tx, "ann", 1) }))
	})
}

func TestAStatementWhileRowsAreOpenIsRefusedOnBothDatabases(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		err := db.InTx(t.Context(), "leak", func(ctx context.Context, tx *store.Tx) error {
			rows, err := tx.Query(ctx, "SELECT id FROM accounts")
			must(t, err)
			rows.Next()
			return deposit(ctx, tx, "ann", 11) // the rows are still open, and stay so
		})
		if err == nil || !strings.Contains(err.Error(), "close them") {
			t.Errorf("got %v, want it to say that the rows must be closed", err)
		}
		if got := balance(t, db, "ann"); got != 100 {
			t.Errorf("balance is %d, want 100", got)
		}
	})
}

func TestATimeAsAnArgumentIsRefusedWithTheRemedy(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		err := db.InTx(t.Context(), "time", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE accounts SET balance = $1", time.Now())
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "argument $1") || !strings.Contains(err.Error(), "store.Micros") {
			t.Errorf("got %v, want it to name argument $1 and store.Micros", err)
		}
	})
}

func TestMicrosAndTimeAreInverse(t *testing.T) {
	now := time.Date(2026, 11, 21, 1, 2, 3, 456789000, time.FixedZone("", 3600))
	if got := store.Time(store.Micros(now)); !got.Equal(now) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v in UTC", got, now)
	}
	if got := store.Micros(time.Time{}); got != 0 || !store.Time(0).IsZero() {
		t.Errorf("the zero time is stored as %d and read as %v, want 0 and the zero time", got, store.Time(0))
	}
}
