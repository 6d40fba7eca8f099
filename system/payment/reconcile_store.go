package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"stormglass/system/platform/store"
)

// querySettled has an index of its own, payments_settled.
const querySettled = `SELECT intent_id, state FROM payments WHERE state IN ('completed', 'failed', 'cancelled', 'refunded') AND intent_id <> ''
	AND since_us >= $1 AND since_us < $2`

// comparedUntil is up to when the books are compared. The first time that is when the first payment was settled, or else
// the horizon.
func (r *reconciler) comparedUntil(ctx context.Context, horizon time.Time) (until time.Time, err error) {
	var us int64
	err = r.db.Read(ctx, "find compared books", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT until_us FROM books_compared`).Scan(&us)
	})
	if !errors.Is(err, sql.ErrNoRows) {
		return store.Time(us), err
	}
	err = r.db.InTx(ctx, "begin books", func(ctx context.Context, tx *store.Tx) error {
		var first sql.NullInt64
		err := tx.QueryRow(ctx, `SELECT MIN(since_us) FROM payments WHERE state IN ('completed', 'failed', 'cancelled', 'refunded') AND intent_id <> ''`).Scan(&first)
		if err != nil {
			return fmt.Errorf("find first payment: %w", err)
		}
		until = horizon
		if first.Valid && first.Int64 < store.Micros(horizon) {
			until = store.Time(first.Int64).Truncate(time.Second)
		}
		_, err = tx.Exec(ctx, `INSERT INTO books_compared (only_row, until_us) VALUES (1, $1) ON CONFLICT DO NOTHING`, store.Micros(until))
		return err
	})
	return until, err
}

// advance writes down that a stretch is compared, unless another instance did.
func (r *reconciler) advance(ctx context.Context, from, to time.Time) error {
	return r.db.InTx(ctx, "advance books", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE books_compared SET until_us = $1 WHERE until_us = $2`, store.Micros(to), store.Micros(from))
		return err
	})
}

// paymentsOf gives our payments of a page of charges, as far as there are any.
func (r *reconciler) paymentsOf(ctx context.Context, page []Booked) (ours map[IntentID]*Payment, err error) {
	places, ids := make([]string, len(page)), make([]any, len(page))
	for i, b := range page {
		places[i], ids[i] = fmt.Sprintf("$%d", i+1), b.ID
	}
	err = r.db.Read(ctx, "find payments of charges", func(ctx context.Context, tx *store.Tx) error {
		ours = map[IntentID]*Payment{}
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM payments WHERE intent_id IN (`+strings.Join(places, ", ")+`)`, ids...)
		if err != nil {
			return fmt.Errorf("find payments of charges: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			p, err := scan(rows)
			if err != nil {
				return err
			}
			ours[p.Intent] = &p
		}
		return rows.Err()
	})
	return ours, err
}

// settledIn lists the charges whose payments were settled in a stretch, or only those that were refunded.
func (r *reconciler) settledIn(ctx context.Context, from, to time.Time, refunded bool) (ids []IntentID, err error) {
	err = r.db.Read(ctx, "find settled payments", func(ctx context.Context, tx *store.Tx) error {
		ids = nil
		rows, err := tx.Query(ctx, querySettled, store.Micros(from), store.Micros(to))
		if err != nil {
			return fmt.Errorf("find settled payments: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id IntentID
			var state State
			if err := rows.Scan(&id, &state); err != nil {
				return fmt.Errorf("read settled payment: %w", err)
			}
			if !refunded || state == Refunded {
				ids = append(ids, id)
			}
		}
		return rows.Err()
	})
	return ids, err
}

// countFailed sets the gauge of refunds that an operator must settle.
func (r *reconciler) countFailed(ctx context.Context) error {
	var n int64
	err := r.db.Read(ctx, "count failed refunds", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM payments WHERE state = 'refund_failed'`).Scan(&n)
	})
	if err == nil {
		r.figures.failed.Set(float64(n))
	}
	return err
}

// mismatches gives what does not agree, by charge.
func (r *reconciler) mismatches(ctx context.Context) (open map[IntentID]Kind, err error) {
	err = r.db.Read(ctx, "list mismatches", func(ctx context.Context, tx *store.Tx) error {
		open = map[IntentID]Kind{}
		rows, err := tx.Query(ctx, `SELECT intent_id, kind FROM mismatches`)
		if err != nil {
			return fmt.Errorf("list mismatches: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id IntentID
			var kind Kind
			if err := rows.Scan(&id, &kind); err != nil {
				return fmt.Errorf("read mismatch: %w", err)
			}
			open[id] = kind
		}
		return rows.Err()
	})
	return open, err
}

// keep writes a mismatch down.
func (r *reconciler) keep(ctx context.Context, c charge, kind Kind) error {
	return r.db.InTx(ctx, "note mismatch", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO mismatches (intent_id, order_id, kind, found_us) VALUES ($1, $2, $3, $4)
			ON CONFLICT (intent_id) DO UPDATE SET kind = excluded.kind`, c.id, c.order(), kind, store.Micros(r.now()))
		return err
	})
}

// forget removes a mismatch that is none any more.
func (r *reconciler) forget(ctx context.Context, id IntentID) error {
	return r.db.InTx(ctx, "resolve mismatch", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM mismatches WHERE intent_id = $1`, id)
		return err
	})
}
