package work

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

// Table is a table of work in a service's database. Beside the service's own columns it has, as BIGINT microseconds:
//
//	since_us   when the item became due
//	lease_us   until when it belongs to the worker that claimed it
//	next_us    before when nobody takes it up; at first the same as since_us
//
// and `attempts`, which counts how often it was claimed. A claim whose commit nobody confirmed, and the one that takes up
// what it may have leased, are one.
type Table[T any] struct {
	DB *store.DB
	// Name of the table, its Key column, and the Columns that Scan reads.
	Name, Key, Columns string
	// Due is the SQL condition of items that something must be done about. There should be an index on next_us and
	// since_us for it.
	Due  string
	Scan func(row interface{ Scan(...any) error }) (T, error)
	// ID gives an item's key.
	ID func(T) string
}

// Source makes the table a worker's source; do finishes an item, or ends in an error that says whose fault it is.
func (t Table[T]) Source(do func(context.Context, T) error) Source[T] {
	return Source[T]{Claim: t.Claims(), Do: do, Release: t.Release, Backlog: t.Backlog}
}

// Claims gives a worker's own Claim. After a claim whose commit nobody confirmed, the next ones take up what that may have
// leased: without that nobody would, until the lease is over.
func (t Table[T]) Claims() func(ctx context.Context, n int, lease time.Duration) ([]T, error) {
	var unconfirmed int64
	return func(ctx context.Context, n int, lease time.Duration) ([]T, error) {
		claimed, until, err := t.claim(ctx, n, lease, unconfirmed)
		switch {
		case problem.CodeOf(err) == problem.Unknown:
			unconfirmed = until
		case err == nil && len(claimed) < n: // that was all there is
			unconfirmed = 0
		}
		return claimed, err
	}
}

// Claim leases at most n items that are due, in the order in which they may be taken up. So an item that was given back
// stands behind those that wait: whatever meets an outage each time must not always be the probe.
func (t Table[T]) Claim(ctx context.Context, n int, lease time.Duration) ([]T, error) {
	claimed, _, err := t.claim(ctx, n, lease, 0)
	return claimed, err
}

// claim also gives the lease, as it stands in the table. Items that have the lease `ours` count as free.
func (t Table[T]) claim(ctx context.Context, n int, lease time.Duration, ours int64) (claimed []T, until int64, err error) {
	// The cast keeps SQLite from planning the statement anew for each limit.
	query := fmt.Sprintf(`UPDATE %[1]s SET lease_us = $1, attempts = attempts + CASE WHEN lease_us = $4 AND lease_us > 0 THEN 0 ELSE 1 END WHERE %[2]s IN (
			SELECT %[2]s FROM %[1]s WHERE %[3]s AND (lease_us <= $2 OR lease_us = $4) AND next_us <= $2 ORDER BY next_us LIMIT CAST($3 AS BIGINT)
		) AND (lease_us <= $2 OR lease_us = $4) AND %[3]s RETURNING %[4]s`, t.Name, t.Key, t.Due, t.Columns)
	err = t.DB.InTxReadCommitted(ctx, "claim "+t.Name, func(ctx context.Context, tx *store.Tx) error {
		now := time.Now()
		until = store.Micros(now.Add(lease))
		rows, err := tx.Query(ctx, query, until, store.Micros(now), n, ours)
		if err != nil {
			return fmt.Errorf("claim %s: %w", t.Name, err)
		}
		defer rows.Close()
		claimed = nil
		for rows.Next() {
			item, err := t.Scan(rows)
			if err != nil {
				return err
			}
			claimed = append(claimed, item)
		}
		return rows.Err()
	})
	return claimed, until, err
}

// Release ends the leases of items; they are due again at notBefore.
func (t Table[T]) Release(ctx context.Context, items []T, notBefore time.Time) error {
	return t.DB.InTxReadCommitted(ctx, "release "+t.Name, func(ctx context.Context, tx *store.Tx) error {
		for _, item := range items {
			if err := t.LetGo(ctx, tx, t.ID(item), notBefore); err != nil {
				return err
			}
		}
		return nil
	})
}

// LetGo ends one item's lease inside a transaction.
func (t Table[T]) LetGo(ctx context.Context, tx *store.Tx, id string, notBefore time.Time) error {
	query := fmt.Sprintf(`UPDATE %s SET lease_us = 0, next_us = $1 WHERE %s = $2`, t.Name, t.Key)
	if _, err := tx.Exec(ctx, query, store.Micros(notBefore), id); err != nil {
		return fmt.Errorf("release item of %s: %w", t.Name, err)
	}
	return nil
}

// Backlog counts the items that are due, and tells since when the oldest is.
func (t Table[T]) Backlog(ctx context.Context) (depth int64, oldest time.Time, err error) {
	query := fmt.Sprintf(`SELECT COUNT(*), MIN(since_us) FROM %s WHERE %s`, t.Name, t.Due)
	err = t.DB.Read(ctx, "count "+t.Name, func(ctx context.Context, tx *store.Tx) error {
		var since sql.NullInt64
		if err := tx.QueryRow(ctx, query).Scan(&depth, &since); err != nil {
			return fmt.Errorf("count %s: %w", t.Name, err)
		}
		oldest = time.Time{}
		if since.Valid {
			oldest = store.Time(since.Int64)
		}
		return nil
	})
	return depth, oldest, err
}
