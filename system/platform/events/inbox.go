package events

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stormglass/system/platform/store"
)

// ledger is where a consumer keeps what it has applied, and what failed how often.
type ledger interface {
	// apply runs effect with the indexes of the events that were not applied before, in one transaction. It may run it
	// several times, but keeps what it did only once.
	apply(ctx context.Context, batch []Event, effect effect) error
	// failed counts an attempt that the event spent, and gives how many that makes.
	failed(ctx context.Context, e Event) (int, error)
	// buried forgets the attempts, so that a redriven event starts anew.
	buried(ctx context.Context, e Event) error
	prune(ctx context.Context, now time.Time) error
}

// effect is what events do to the service's state. fresh are indexes of a batch, in its order.
type effect func(ctx context.Context, tx *store.Tx, fresh []int) error

// inbox is the ledger in the service's own database.
type inbox struct {
	db    *store.DB
	queue string
}

// apply records all ids by one statement: those that it does not give back were there before. A duplicate within the
// batch is given back once. Instances take turns, because two batches are bound to change some of the same rows.
func (in *inbox) apply(ctx context.Context, batch []Event, effect effect) error {
	return in.db.InTx(ctx, "consume "+in.queue, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Alone(ctx, "inbox_turn"); err != nil {
			return err
		}
		recorded, err := in.record(ctx, tx, batch)
		if err != nil {
			return fmt.Errorf("record %d events in inbox: %w", len(batch), err)
		}
		fresh := make([]int, 0, len(recorded))
		for i, e := range batch {
			if recorded[e.ID] {
				fresh = append(fresh, i)
				delete(recorded, e.ID)
			}
		}
		return effect(ctx, tx, fresh)
	})
}

func (in *inbox) record(ctx context.Context, tx *store.Tx, batch []Event) (map[string]bool, error) {
	args := append(make([]any, 0, 2+2*len(batch)), in.queue, time.Now().UnixMicro())
	for _, e := range batch {
		args = append(args, e.ID, e.Type)
	}
	rows, err := tx.Query(ctx, `INSERT INTO inbox (queue, applied_us, event_id, type) VALUES `+rowsOf("$1,$2,", 3, len(batch), 2)+`
		ON CONFLICT (event_id, queue) DO NOTHING RETURNING event_id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	recorded := make(map[string]bool, len(batch))
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		recorded[id] = true
	}
	return recorded, rows.Err()
}

func (in *inbox) failed(ctx context.Context, e Event) (attempts int, err error) {
	err = in.db.InTx(ctx, "fail "+in.queue, func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `INSERT INTO inbox_attempts (event_id, queue, attempts, last_us) VALUES ($1, $2, 1, $3)
			ON CONFLICT (event_id, queue) DO UPDATE SET attempts = inbox_attempts.attempts + 1, last_us = excluded.last_us
			RETURNING attempts`, e.ID, in.queue, time.Now().UnixMicro()).Scan(&attempts)
	})
	return attempts, err
}

func (in *inbox) buried(ctx context.Context, e Event) error {
	return in.db.InTx(ctx, "bury "+in.queue, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM inbox_attempts WHERE event_id = $1 AND queue = $2`, e.ID, in.queue)
		return err
	})
}

func (in *inbox) prune(ctx context.Context, now time.Time) error {
	return pruneInbox(ctx, in.db, in.queue, now)
}

// memory is the ledger of a service without a database: it knows no duplicates, and forgets attempts at the end of the
// process.
type memory struct {
	mu       sync.Mutex
	attempts map[string]int
}

func (m *memory) apply(ctx context.Context, batch []Event, effect effect) error {
	all := make([]int, len(batch))
	for i := range batch {
		all[i] = i
	}
	if err := effect(ctx, nil, all); err != nil {
		return err
	}
	for _, e := range batch {
		m.forget(e.ID)
	}
	return nil
}

func (m *memory) failed(_ context.Context, e Event) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.attempts[e.ID]++
	return m.attempts[e.ID], nil
}

func (m *memory) buried(_ context.Context, e Event) error {
	m.forget(e.ID)
	return nil
}

func (m *memory) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.attempts, id)
}

func (m *memory) prune(context.Context, time.Time) error { return nil }
