package events

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"stormglass/system/platform/store"
)

const (
	pruneEvery = time.Minute
	// pruneLimit bounds the rows that one transaction deletes, so that it holds nobody up.
	pruneLimit = 1000
	// outboxKept is how long sent events stay readable in the outbox.
	outboxKept = 24 * time.Hour
	// inboxKept is how long an applied event is known. It is longer than the broker keeps any event.
	inboxKept = eventsKept + 24*time.Hour
)

// before gives what every UUIDv7 made before t is smaller than: ids begin with their time in milliseconds.
func before(t time.Time) string {
	ms := t.UnixMilli()
	return fmt.Sprintf("%08x-%04x", ms>>16, ms&0xffff)
}

// pruneOutbox deletes old sent events and keeps their number by type.
func pruneOutbox(ctx context.Context, db *store.DB, now time.Time) error {
	return prune(ctx, db, "prune outbox",
		`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE id < $1 AND sent_us > 0 ORDER BY id LIMIT $2) RETURNING type, ''`,
		[]any{before(now.Add(-outboxKept)), pruneLimit},
		func(ctx context.Context, tx *store.Tx, typ, _ string, n int) error {
			_, err := tx.Exec(ctx, `INSERT INTO outbox_pruned (type, events) VALUES ($1, $2)
				ON CONFLICT (type) DO UPDATE SET events = outbox_pruned.events + excluded.events`, typ, n)
			return err
		})
}

// pruneInbox deletes old events of a queue's inbox and keeps their number by type.
func pruneInbox(ctx context.Context, db *store.DB, queue string, now time.Time) error {
	old := before(now.Add(-inboxKept))
	err := prune(ctx, db, "prune inbox",
		`DELETE FROM inbox WHERE queue = $1 AND event_id IN (SELECT event_id FROM inbox WHERE event_id < $2 AND queue = $1 ORDER BY event_id LIMIT $3) RETURNING type, queue`,
		[]any{queue, old, pruneLimit},
		func(ctx context.Context, tx *store.Tx, typ, queue string, n int) error {
			_, err := tx.Exec(ctx, `INSERT INTO inbox_pruned (queue, type, events) VALUES ($1, $2, $3)
				ON CONFLICT (queue, type) DO UPDATE SET events = inbox_pruned.events + excluded.events`, queue, typ, n)
			return err
		})
	if err != nil {
		return err
	}
	return db.InTx(ctx, "prune attempts", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM inbox_attempts WHERE queue = $1 AND event_id < $2`, queue, old)
		return err
	})
}

// prune deletes in bounded transactions, each of which also counts what it deleted.
func prune(ctx context.Context, db *store.DB, name, query string, args []any, count func(ctx context.Context, tx *store.Tx, typ, queue string, n int) error) error {
	for {
		deleted := 0
		err := db.InTx(ctx, name, func(ctx context.Context, tx *store.Tx) error {
			rows, err := tx.Query(ctx, query, args...)
			if err != nil {
				return err
			}
			groups, err := countGroups(rows)
			if err != nil {
				return err
			}
			deleted = 0
			for group, n := range groups {
				deleted += n
				if err := count(ctx, tx, group[0], group[1], n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if deleted < pruneLimit {
			return nil
		}
	}
}

func countGroups(rows *sql.Rows) (map[[2]string]int, error) {
	defer rows.Close()
	groups := map[[2]string]int{}
	for rows.Next() {
		var group [2]string
		if err := rows.Scan(&group[0], &group[1]); err != nil {
			return nil, err
		}
		groups[group]++
	}
	return groups, rows.Err()
}
