package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
)

// accounts is a schema with one rule of each kind.
var accounts = migrations("accounts", `
CREATE TABLE accounts (
	id      TEXT PRIMARY KEY,
	owner   TEXT NOT NULL,
	balance BIGINT NOT NULL CONSTRAINT not_overdrawn CHECK (balance >= 0),
	open    BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE TABLE entries (
	id      BIGINT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED
);`)

func migrations(name string, files ...string) store.Migrations {
	fs := fstest.MapFS{}
	for i, text := range files {
		fs[fmt.Sprintf("%05d_step.sql", i+1)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
	}
	return store.Migrations{Name: name, Files: fs}
}

// each runs a test on each kind of database, with the accounts of Ann, who has 100, and Ben, who has 50.
func each(t *testing.T, run func(t *testing.T, db *store.DB)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, accounts)
		seed(t, db)
		run(t, db)
	})
}

func seed(tb testing.TB, db *store.DB) {
	tb.Helper()
	must(tb, db.InTx(tb.Context(), "seed", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO accounts (id, owner, balance) VALUES ($1, $2, $3), ($4, $5, $6)", "ann", "Ann", 100, "ben", "Ben", 50)
		return err
	}))
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func balance(tb testing.TB, db *store.DB, id string) (got int64) {
	tb.Helper()
	must(tb, db.Read(tb.Context(), "balance", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT balance FROM accounts WHERE id = $1", id).Scan(&got)
	}))
	return got
}

func deposit(ctx context.Context, tx *store.Tx, id string, amount int64) error {
	_, err := tx.Exec(ctx, "UPDATE accounts SET balance = balance + $1 WHERE id = $2", amount, id)
	return err
}

func TestCommittedChangesStay(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db.InTx(t.Context(), "deposit", func(ctx context.Context, tx *store.Tx) error { return deposit(ctx, tx, "ann", 11) }))
		if got, want := balance(t, db, "ann"), int64(111); got != want {
			t.Errorf("balance is %d, want %d", got, want)
		}
	})
}

func TestAFailingFunctionRollsBackAndItsErrorComesBackAsItIs(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		mine := problem.New(problem.Unavailable, "mine", "the carrier is away")
		ran := 0
		err := db.InTx(t.Context(), "deposit", func(ctx context.Context, tx *store.Tx) error {
			ran++
			return errors.Join(deposit(ctx, tx, "ann", 11), mine)
		})
		if !errors.Is(err, mine) || ran != 1 {
			t.Errorf("got %v after %d runs, want %v after 1", err, ran, mine)
		}
		if got := balance(t, db, "ann"); got != 100 {
			t.Errorf("balance is %d, want 100", got)
		}
	})
}

func TestAPanicRollsBackAndGoesOn(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		func() {
			defer func() {
				if got := recover(); got != "oops" {
					t.Errorf("recovered %v, want oops", got)
				}
			}()
			_ = db.InTx(t.Context(), "deposit", func(ctx context.Context, tx *store.Tx) error {
				must(t, deposit(ctx, tx, "ann", 11))
				panic("oops")
			})
		}()
		if got := balance(t, db, "ann"); got != 100 {
			t.Errorf("balance is %d, want 100", got)
		}
	})
}

func TestExecTellsHowManyRowsChanged(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db.InTx(t.Context(), "close", func(ctx context.Context, tx *store.Tx) error {
			for where, want := range map[string]int64{"id = 'nobody'": 0, "id = 'ann'": 1, "open": 2} {
				got, err := tx.Exec(ctx, "UPDATE accounts SET balance = balance + 1 WHERE "+where)
				if err != nil || got != want {
					t.Errorf("where %s: got %d rows (%v), want %d", where, got, err, want)
				}
			}
			return nil
		}))
	})
}

func TestNoRowsIsErrNoRows(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		err := db.Read(t.Context(), "find", func(ctx context.Context, tx *store.Tx) error {
			var owner string
			return tx.QueryRow(ctx, "SELECT owner FROM accounts WHERE id = 'nobody'").Scan(&owner)
		})
		if !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("got %v, want sql.ErrNoRows", err)
		}
	})
}

func TestABrokenRuleIsAConflictThatNamesIt(t *testing.T) {
	cases := map[string]struct {
		statement string
		rule      store.Rule
		named     map[string]string // by dialect
	}{
		"unique":      {"INSERT INTO accounts (id, owner, balance) VALUES ('ann', 'X', 1)", store.Unique, map[string]string{"sqlite": "accounts.id", "postgres": "accounts_pkey"}},
		"check":       {"UPDATE accounts SET balance = -1", store.Check, map[string]string{"sqlite": "not_overdrawn", "postgres": "not_overdrawn"}},
		"not null":    {"UPDATE accounts SET owner = NULL", store.NotNull, map[string]string{"sqlite": "accounts.owner", "postgres": "accounts.owner"}},
		"foreign key": {"INSERT INTO entries (id, account) VALUES (1, 'nobody')", store.ForeignKey, map[string]string{"sqlite": "", "postgres": "entries_account_fkey"}},
	}
	each(t, func(t *testing.T, db *store.DB) {
		for name, c := range cases {
			err := db.InTx(t.Context(), "break", func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, c.statement)
				return err
			})
			broken, ok := errors.AsType[*store.ConstraintError](err)
			if !ok || !errors.Is(err, store.ErrConflict) {
				t.Errorf("%s: got %v, want a ConstraintError that is ErrConflict", name, err)
				continue
			}
			if broken.Rule != c.rule || broken.Constraint != c.named[db.Dialect()] {
				t.Errorf("%s: got rule %q of %q, want %q of %q", name, broken.Rule, broken.Constraint, c.rule, c.named[db.Dialect()])
			}
		}
	})
}

func TestAReturningInsertReportsItsConflictThroughScan(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		err := db.InTx(t.Context(), "insert", func(ctx context.Context, tx *store.Tx) error {
			var id string
			return tx.QueryRow(ctx, "INSERT INTO accounts (id, owner, balance) VALUES ('ann', 'X', 1) RETURNING id").Scan(&id)
		})
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
	})
}

func TestAReadCannotWrite(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		err := db.Read(t.Context(), "sneak", func(ctx context.Context, tx *store.Tx) error { return deposit(ctx, tx, "ann", 11) })
		if got := problem.CodeOf(err); got != problem.Internal {
			t.Errorf("got %v (%v), want a defect of ours, %v", got, err, problem.Internal)
		}
		if got := balance(t, db, "ann"); got != 100 {
			t.Errorf("balance is %d, want 100", got)
		}
	})
}

func TestAReadSeesOneMoment(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db.Read(t.Context(), "sum", func(ctx context.Context, tx *store.Tx) error {
			var before, after int64
			must(t, tx.QueryRow(ctx, "SELECT balance FROM accounts WHERE id = 'ann'").Scan(&before))
			must(t, db.InTx(t.Context(), "deposit", func(ctx context.Context, tx *store.Tx) error { return deposit(ctx, tx, "ann", 11) }))
			must(t, tx.QueryRow(ctx, "SELECT balance FROM accounts WHERE id = 'ann'").Scan(&after))
			if before != after {
				t.Errorf("the same read saw %d and %d", before, after)
			}
			return nil
		}))
	})
}

func TestNoUpdateIsLost(t *testing.T) {
	const clients, times = 4, 10
	each(t, func(t *testing.T, db *store.DB) {
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for range times {
					if err := db.InTx(t.Context(), "deposit", readAndWrite); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got, want := balance(t, db, "ann"), int64(100+clients*times); got != want {
			t.Errorf("balance is %d after %d deposits of 1, want %d", got, clients*times, want)
		}
	})
}

// readAndWrite adds 1 to Ann's balance in the way that loses updates without isolation.
func readAndWrite(ctx context.Context, tx *store.Tx) error {
	var had int64
	if err := tx.QueryRow(ctx, "SELECT balance FROM accounts WHERE id = 'ann'").Scan(&had); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE accounts SET balance = $1 WHERE id = 'ann'", had+1)
	return err
}

func TestTwoDecisionsOnOneFactCannotBothStand(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		var wg sync.WaitGroup
		for _, id := range []string{"ann", "ben"} {
			wg.Go(func() { // each may empty an account as long as the other one holds something
				err := db.InTx(t.Context(), "empty", func(ctx context.Context, tx *store.Tx) error {
					var left int64
					if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM accounts WHERE balance > 0").Scan(&left); err != nil || left < 2 {
						return err
					}
					_, err := tx.Exec(ctx, "UPDATE accounts SET balance = 0 WHERE id = $1", id)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if balance(t, db, "ann") == 0 && balance(t, db, "ben") == 0 {
			t.Error("both accounts were emptied")
		}
	})
}

func TestAfterCommitRunsOnlyForWhatWasCommitted(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		var ran []string
		hook := func(name string) func() { return func() { ran = append(ran, name) } }
		must(t, db.InTx(t.Context(), "good", func(ctx context.Context, tx *store.Tx) error {
			tx.AfterCommit(hook("committed"))
			_ = tx.Savepoint(ctx, func() error { tx.AfterCommit(hook("taken back")); return errors.New("no") })
			if len(ran) != 0 {
				t.Error("a hook ran before the commit")
			}
			return nil
		}))
		_ = db.InTx(t.Context(), "bad", func(ctx context.Context, tx *store.Tx) error {
			tx.AfterCommit(hook("rolled back"))
			return errors.New("no")
		})
		if len(ran) != 1 || ran[0] != "committed" {
			t.Errorf("ran %v, want [committed]", ran)
		}
	})
}

func TestPingAnswers(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) { must(t, db.Ping(t.Context())) })
}
