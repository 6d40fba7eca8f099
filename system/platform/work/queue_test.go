package work_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
	"stormglass/system/platform/work"
)

// jobs is a table of work in a database.
type jobs struct {
	work.Table[string]
	mu     sync.Mutex
	done   []string
	broken map[string]bool // jobs that meet an outage each time
}

func newJobs(t *testing.T, url string) *jobs {
	t.Helper()
	schema := store.Migrations{Name: "jobs", Files: fstest.MapFS{"00001_jobs.sql": &fstest.MapFile{Data: []byte(`
-- +goose Up
CREATE TABLE jobs (
	id       TEXT   PRIMARY KEY,
	done     BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	since_us BIGINT NOT NULL,
	lease_us BIGINT NOT NULL,
	next_us  BIGINT NOT NULL
);`)}}}
	return &jobs{broken: map[string]bool{}, Table: work.Table[string]{
		DB: storetest.Open(t, url, schema), Name: "jobs", Key: "id", Columns: "id", Due: "done = 0",
		Scan: func(row interface{ Scan(...any) error }) (id string, err error) { return id, row.Scan(&id) },
		ID:   func(id string) string { return id },
	}}
}

// add puts a job into the table that is due since so long.
func (j *jobs) add(t *testing.T, id string, since time.Duration) {
	t.Helper()
	err := j.DB.InTx(t.Context(), "add", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO jobs (id, done, attempts, since_us, lease_us, next_us) VALUES ($1, 0, 0, $2, 0, $2)`, id, store.Micros(time.Now().Add(-since)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (j *jobs) do(ctx context.Context, id string) error {
	if j.broken[id] {
		return problem.New(problem.Unavailable, "", "the company answers 500")
	}
	err := j.DB.InTx(ctx, "do", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE jobs SET done = 1, lease_us = 0 WHERE id = $1`, id)
		return err
	})
	if err == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.done = append(j.done, id)
	}
	return err
}

// attempts sums up how often each job was claimed.
func (j *jobs) attempts(t *testing.T) (sum int64) {
	t.Helper()
	err := j.DB.Read(t.Context(), "sum up", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT CAST(SUM(attempts) AS BIGINT) FROM jobs`).Scan(&sum)
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func (j *jobs) finished() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.done)
}

// A company that answers one item by 500 each time, and all others well, must not look away for ever because that one is
// always the probe.
func TestAnItemThatMeetsAnOutageEachTimeDoesNotStopTheOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		j := newJobs(t, url)
		for _, id := range []string{"bad-1", "bad-2"} {
			j.broken[id] = true
			j.add(t, id, time.Hour)
		}
		const well = 30
		for i := range well {
			j.add(t, fmt.Sprint("job-", i), time.Minute)
		}
		w := work.New(telemetry.Discard("payment"), work.Config{Name: "payment.charges", Concurrency: 2, Poll: 20 * time.Millisecond}, j.Source(j.do))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		for end := time.Now().Add(2 * time.Minute); len(j.finished()) < well && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := len(j.finished()); got != well {
			t.Errorf("%d of %d jobs are done", got, well)
		}
	})
}

func TestItemsAreTakenUpInTheOrderInWhichTheyMayBe(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		j := newJobs(t, url)
		for i, id := range []string{"fourth", "third", "second", "first"} {
			j.add(t, id, time.Duration(i+1)*time.Minute)
		}
		claim := func(n int) []string {
			claimed, err := j.Claim(t.Context(), n, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(claimed) // a claim itself has no order
			return claimed
		}
		if got := claim(2); !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("claimed %v before those that wait longer", got)
		}
		if err := j.Release(t.Context(), []string{"first", "second"}, time.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := claim(2); !slices.Equal(got, []string{"fourth", "third"}) {
			t.Errorf("claimed %v: who was given back stands behind those that wait", got)
		}
	})
}

// responder answers for a database's link, and hangs up once where it should answer `deaf`.
func responder(t *testing.T, deaf string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { c.Close() })
			open.Go(func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					hangUp := false
					if lines.Text() == deaf {
						once.Do(func() { hangUp = true })
					}
					if hangUp {
						return
					}
					fmt.Fprintln(c, "OK")
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Wait()
	})
	return l.Addr().String()
}

// Rows that a claim may have leased, and items that could not be given back because the table was away, must not wait for
// their lease when the table is back.
func TestNothingWaitsForALeaseThatNobodyUses(t *testing.T) {
	for name, deaf := range map[string]string{"unconfirmed claim": "COMMITTED claim jobs", "failed release": "COMMIT release jobs"} {
		t.Run(name, func(t *testing.T) {
			j := newJobs(t, storetest.SQLite(t)+"?link="+responder(t, deaf))
			var met sync.Map
			do := func(ctx context.Context, id string) error {
				if _, again := met.LoadOrStore(id, true); !again {
					return problem.New(problem.Unavailable, "", "the company is away")
				}
				return j.do(ctx, id)
			}
			for i := range 3 {
				j.add(t, fmt.Sprint("job-", i), time.Minute)
			}
			w := work.New(telemetry.Discard("payment"), work.Config{Name: "payment.charges", Lease: time.Hour, Poll: 20 * time.Millisecond}, j.Source(do))
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- w.Run(ctx) }()
			for end := time.Now().Add(2 * time.Minute); len(j.finished()) < 3 && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if got := len(j.finished()); got != 3 {
				t.Errorf("%d of 3 jobs are done", got)
			}
			if got := j.attempts(t); got != 6 {
				t.Errorf("counted %d attempts, want 6: each job was tried twice", got)
			}
		})
	}
}
