package inventory

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"stormglass/system/platform/store"
)

//go:embed migrations/*.sql
var files embed.FS

func migrations() store.Migrations { return store.Embedded("inventory", files) }

func audit() []store.Table {
	return []store.Table{
		{Name: "stock", Query: `SELECT product_id, received, available, reserved, sold FROM stock ORDER BY product_id`},
		{Name: "reservations", Query: `SELECT order_id, state, lines, expires_us, updated_us FROM reservations ORDER BY order_id`},
	}
}

// overdueAtOnce is how many reservations one transaction gives back.
const overdueAtOnce = 100

// shiftAll moves every line's pieces from one shelf to another. tooLittle means that a shelf held fewer; the caller takes
// back what was moved until then.
func shiftAll(ctx context.Context, tx *store.Tx, lines []Line, from, to shelf) error {
	// The names of shelves are constants of this package.
	query := fmt.Sprintf(`UPDATE stock SET %[1]s = %[1]s - $1, %[2]s = %[2]s + $1 WHERE product_id = $2 AND %[1]s >= $1`, from, to)
	for _, line := range lines {
		n, err := tx.Exec(ctx, query, line.Quantity, line.Product)
		if err != nil {
			return fmt.Errorf("move %s from %s to %s: %w", line.Product, from, to, err)
		}
		if n == 0 {
			return tooLittle{line.Product}
		}
	}
	return nil
}

// reservation gives an order's reservation; false when there is none.
func reservation(ctx context.Context, tx *store.Tx, order OrderID) (Reservation, bool, error) {
	r, err := scan(tx.QueryRow(ctx, `SELECT order_id, state, lines, expires_us FROM reservations WHERE order_id = $1`, order))
	if errors.Is(err, sql.ErrNoRows) {
		return Reservation{}, false, nil
	}
	return r, err == nil, err
}

func insertReservation(ctx context.Context, tx *store.Tx, r Reservation, now time.Time) error {
	lines, err := json.Marshal(r.Lines)
	if err != nil {
		return fmt.Errorf("encode lines: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO reservations (order_id, state, lines, expires_us, updated_us) VALUES ($1, $2, $3, $4, $5)`,
		r.Order, r.State, string(lines), store.Micros(r.Expires), store.Micros(now))
	if err != nil {
		return fmt.Errorf("insert reservation: %w", err)
	}
	return nil
}

// setState writes a reservation's new state and its lines.
func setState(ctx context.Context, tx *store.Tx, r Reservation, to State, now time.Time) error {
	lines, err := json.Marshal(r.Lines)
	if err != nil {
		return fmt.Errorf("encode lines: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE reservations SET state = $1, lines = $2, updated_us = $3 WHERE order_id = $4`,
		to, string(lines), store.Micros(now), r.Order)
	if err != nil {
		return fmt.Errorf("update reservation %s: %w", r.Order, err)
	}
	return nil
}

// overdue lists reservations whose time was up before now.
func overdue(ctx context.Context, tx *store.Tx, now time.Time) ([]Reservation, error) {
	rows, err := tx.Query(ctx, `SELECT order_id, state, lines, expires_us FROM reservations
		WHERE state = 'reserved' AND expires_us < $1 ORDER BY expires_us LIMIT $2`, store.Micros(now), overdueAtOnce)
	if err != nil {
		return nil, fmt.Errorf("list expired reservations: %w", err)
	}
	defer rows.Close()
	var due []Reservation
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		due = append(due, r)
	}
	return due, rows.Err()
}

// queryCountOverdue has an index of its own, on the reservations that are held.
const queryCountOverdue = `SELECT COUNT(*) FROM reservations WHERE state = 'reserved' AND expires_us < $1`

// countOverdue counts reservations whose time was up before now.
func countOverdue(ctx context.Context, tx *store.Tx, now time.Time) (n int64, err error) {
	if err := tx.QueryRow(ctx, queryCountOverdue, store.Micros(now)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count expired reservations: %w", err)
	}
	return n, nil
}

func scan(row interface{ Scan(...any) error }) (Reservation, error) {
	var r Reservation
	var lines string
	var expires int64
	if err := row.Scan(&r.Order, &r.State, &lines, &expires); err != nil {
		return Reservation{}, fmt.Errorf("read reservation: %w", err)
	}
	if err := json.Unmarshal([]byte(lines), &r.Lines); err != nil {
		return Reservation{}, fmt.Errorf("decode lines of reservation %s: %w", r.Order, err)
	}
	r.Expires = store.Time(expires)
	return r, nil
}

// stockOf gives a product's stock, or sql.ErrNoRows.
func stockOf(ctx context.Context, tx *store.Tx, id ProductID) (Stock, error) {
	var s Stock
	err := tx.QueryRow(ctx, `SELECT product_id, received, available, reserved, sold FROM stock WHERE product_id = $1`, id).
		Scan(&s.Product, &s.Received, &s.Available, &s.Reserved, &s.Sold)
	if err != nil {
		return Stock{}, fmt.Errorf("read stock of a product: %w", err)
	}
	return s, nil
}

// totals adds up all products' stock.
func totals(ctx context.Context, tx *store.Tx) (Stock, error) {
	var s Stock
	err := tx.QueryRow(ctx, `SELECT COALESCE(SUM(received), 0), COALESCE(SUM(available), 0), COALESCE(SUM(reserved), 0), COALESCE(SUM(sold), 0) FROM stock`).
		Scan(&s.Received, &s.Available, &s.Reserved, &s.Sold)
	if err != nil {
		return Stock{}, fmt.Errorf("add up stock: %w", err)
	}
	return s, nil
}

// restock is what came of one product with one delivery.
type restock struct {
	key, deliveryNote string
	line              Line
}

// insertRestock notes a restock. Where its key or its delivery was used before, it gives the restock that did so, and false.
func insertRestock(ctx context.Context, tx *store.Tx, r restock, now time.Time) (first restock, fresh bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO restocks (idempotency_key, delivery_note, product_id, quantity, restocked_us) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		r.key, r.deliveryNote, r.line.Product, r.line.Quantity, store.Micros(now))
	if err != nil {
		return restock{}, false, fmt.Errorf("insert restock: %w", err)
	}
	if n == 1 {
		return r, true, nil
	}
	err = tx.QueryRow(ctx, `SELECT idempotency_key, delivery_note, product_id, quantity FROM restocks WHERE idempotency_key = $1 OR (delivery_note = $2 AND product_id = $3)
		ORDER BY CASE idempotency_key WHEN $1 THEN 0 ELSE 1 END LIMIT 1`, r.key, r.deliveryNote, r.line.Product).
		Scan(&first.key, &first.deliveryNote, &first.line.Product, &first.line.Quantity)
	if err != nil {
		return restock{}, false, fmt.Errorf("read restock: %w", err)
	}
	return first, false, nil
}

// receive adds pieces from outside, or gives sql.ErrNoRows for a product that does not exist.
func receive(ctx context.Context, tx *store.Tx, line Line) error {
	n, err := tx.Exec(ctx, `UPDATE stock SET received = received + $1, available = available + $1 WHERE product_id = $2`, line.Quantity, line.Product)
	if err == nil && n == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return fmt.Errorf("receive a product: %w", err)
	}
	return nil
}
