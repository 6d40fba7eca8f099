package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

var queue = migrations("queue", "CREATE TABLE queue (id TEXT PRIMARY KEY, claimed_by BIGINT NOT NULL, claims BIGINT NOT NULL);")

func TestOneClaimIsHadByOneWorkerWhileOthersWrite(t *testing.T) {
	const writers, workers, each = 4, 2, 25
	storetest.Each(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, queue)
		var wg sync.WaitGroup
		var claimed atomic.Int64
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					if err := db.InTx(t.Context(), "put", put(fmt.Sprintf("%d-%d", w, i))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for w := range workers {
			wg.Go(func() {
				for claimed.Load() < writers*each && !t.Failed() && t.Context().Err() == nil {
					var got int64
					err := db.InTxReadCommitted(t.Context(), "claim", claim(int64(w+1), &got))
					if err != nil {
						t.Error(err)
					}
					claimed.Add(got)
				}
			})
		}
		wg.Wait()
		var rows, claims int64
		must(t, db.Read(t.Context(), "count", func(ctx context.Context, tx *store.Tx) error {
			return tx.QueryRow(ctx, "SELECT COUNT(*), COALESCE(MAX(claims), 0) FROM queue WHERE claimed_by > 0").Scan(&rows, &claims)
		}))
		if rows != writers*each || claims != 1 || claimed.Load() != rows {
			t.Errorf("%d rows were claimed in %d claims, each at most %d times; want %d, once each", rows, claimed.Load(), claims, writers*each)
		}
	})
}

func put(id string) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO queue (id, claimed_by, claims) VALUES ($1, 0, 0)", id)
		return err
	}
}

func claim(worker int64, got *int64) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) (err error) {
		*got, err = tx.Exec(ctx, `UPDATE queue SET claimed_by = $1, claims = claims + 1 WHERE claimed_by = 0
			AND id IN (SELECT id FROM queue WHERE claimed_by = 0 ORDER BY id LIMIT 10)`, worker)
		return err
	}
}

func TestALostRoundIsRunAgainAndCounted(t *testing.T) {
	tel := telemetry.Discard("bank")
	db, err := store.Open(t.Context(), tel, nil, storetest.Postgres(t), accounts)
	must(t, err)
	defer func() { must(t, db.Close(t.Context())) }()
	seed(t, db)
	rounds := 0
	must(t, db.InTx(t.Context(), "slow", func(ctx context.Context, tx *store.Tx) error {
		rounds++
		var had int64
		must(t, tx.QueryRow(ctx, "SELECT balance FROM accounts WHERE id = 'ann'").Scan(&had))
		if rounds == 1 {
			must(t, db.InTx(t.Context(), "fast", depositEleven))
		}
		_, err := tx.Exec(ctx, "UPDATE accounts SET balance = $1 WHERE id = 'ann'", had+100)
		return err
	}))
	if got := balance(t, db, "ann"); rounds != 2 || got != 211 {
		t.Errorf("balance is %d after %d rounds, want 211 after 2", got, rounds)
	}
	seconds := tel.Histogram(telemetry.DBDuration)
	for outcome, want := range map[string]uint64{"contention": 1, "ok": 1} {
		if got := samples(t, seconds.WithLabelValues("slow", outcome)); got != want {
			t.Errorf("outcome %s was counted %d times, want %d", outcome, got, want)
		}
	}
}

func TestTransactionsThatWantToBeAloneTakeTurns(t *testing.T) {
	turns := migrations("turns", "CREATE TABLE turn (nobody BIGINT);")
	storetest.Each(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, accounts, turns)
		seed(t, db)
		var wg sync.WaitGroup
		var under atomic.Int64
		for i := range 4 {
			wg.Go(func() {
				for range 5 {
					err := db.InTx(t.Context(), "both", func(ctx context.Context, tx *store.Tx) error {
						if err := tx.Alone(ctx, "turn"); err != nil {
							return err
						}
						if n := under.Add(1); n > 1 {
							t.Errorf("%d transactions are under way", n)
						}
						defer under.Add(-1)
						ids := []string{"ann", "ben"}
						return errors.Join(deposit(ctx, tx, ids[i%2], 1), deposit(ctx, tx, ids[1-i%2], 1))
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := balance(t, db, "ann"); got != 120 {
			t.Errorf("balance is %d, want 120", got)
		}
	})
}

// Waiting for a lock for as long as it is held would make two transactions that wait for each other wait for the server
// to find out.
func TestATransactionDoesNotInsistOnALock(t *testing.T) {
	tel := telemetry.Discard("bank")
	db, err := store.Open(t.Context(), tel, nil, storetest.Postgres(t), accounts)
	must(t, err)
	defer func() { must(t, db.Close(t.Context())) }()
	seed(t, db)
	second := make(chan error, 1)
	must(t, db.InTx(t.Context(), "first", func(ctx context.Context, tx *store.Tx) error {
		must(t, deposit(ctx, tx, "ann", 1))
		go func() { second <- db.InTx(t.Context(), "second", depositEleven) }()
		lost := tel.Histogram(telemetry.DBDuration).WithLabelValues("second", "contention")
		for end := time.Now().Add(time.Minute); samples(t, lost) == 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Error("the second transaction waits for ever")
				break
			}
		}
		return nil
	}))
	must(t, <-second)
	if got := balance(t, db, "ann"); got != 112 {
		t.Errorf("balance is %d, want 112", got)
	}
}

func TestTwoInstancesShareOneFile(t *testing.T) {
	const times = 20
	url := storetest.SQLite(t)
	first, second := storetest.Open(t, url, accounts), storetest.Open(t, url, accounts)
	seed(t, first)
	var wg sync.WaitGroup
	for _, db := range []*store.DB{first, second} {
		wg.Go(func() {
			for range times {
				if err := db.InTx(t.Context(), "deposit", readAndWrite); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, want := balance(t, second, "ann"), int64(100+2*times); got != want {
		t.Errorf("balance is %d, want %d", got, want)
	}
}

func TestAWriterOfAnotherProcessIsWaitedForUntilTheDeadline(t *testing.T) {
	url := storetest.SQLite(t)
	first, second := storetest.Open(t, url, accounts), storetest.Open(t, url, accounts)
	seed(t, first)
	must(t, first.InTx(t.Context(), "hold", func(context.Context, *store.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := second.InTx(ctx, "deposit", depositEleven)
		if got := problem.CodeOf(err); got != problem.Timeout {
			t.Errorf("got %v (%v), want %v", got, err, problem.Timeout)
		}
		if took := time.Since(start); took < 150*time.Millisecond || took > 20*time.Second {
			t.Errorf("it took %v, want about the deadline's 150ms", took)
		}
		return nil
	}))
}
