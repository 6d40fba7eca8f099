package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

const (
	createTallies = "CREATE TABLE tallies (name TEXT PRIMARY KEY, n BIGINT NOT NULL);"
	addTally      = "INSERT INTO tallies (name, n) VALUES ('applied', 1);"
	countAgain    = "UPDATE tallies SET n = n + 1;"
)

func tally(t *testing.T, db *store.DB) (n int64) {
	t.Helper()
	must(t, db.Read(t.Context(), "tally", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT n FROM tallies").Scan(&n)
	}))
	return n
}

func TestEachMigrationIsAppliedOnceOverSeveralStarts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		storetest.Open(t, url, migrations("tally", createTallies, addTally))
		storetest.Open(t, url, migrations("tally", createTallies, addTally))
		db := storetest.Open(t, url, migrations("tally", createTallies, addTally, countAgain), accounts)
		if got := tally(t, db); got != 2 {
			t.Errorf("tally is %d, want 2", got)
		}
		seed(t, db) // the other set's tables are there too
	})
}

func TestInstancesThatStartTogetherMigrateOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				db, err := store.Open(t.Context(), telemetry.Discard("bank"), nil, url, migrations("tally", createTallies, addTally, countAgain))
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := tally(t, storetest.Open(t, url)); got != 2 {
			t.Errorf("tally is %d, want 2", got)
		}
	})
}

func TestAMigrationThatFailsLeavesNothingOfItsStart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		_, err := store.Open(t.Context(), telemetry.Discard("bank"), nil, url, accounts, migrations("tally", createTallies, "INSERT INTO nowhere VALUES (1);"))
		if err == nil || !strings.Contains(err.Error(), "migrate tally") || !strings.Contains(err.Error(), "00002_step.sql") {
			t.Errorf("got %v, want it to name the set and the file", err)
		}
		db := storetest.Open(t, url, migrations("tally", createTallies, addTally), accounts)
		if got := tally(t, db); got != 1 {
			t.Errorf("tally is %d, want 1", got)
		}
	})
}
