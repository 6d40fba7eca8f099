package shipping

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"stormglass/system/platform/store"
	"stormglass/system/platform/work"
)

//go:embed migrations/*.sql
var files embed.FS

func migrations() store.Migrations { return store.Embedded("shipping", files) }

// audit is what /audit shows: no addresses.
func audit() store.Table {
	return store.Table{Name: "shipments", Query: `SELECT order_id, user_id, state, reason, parcel_id, tracking, attempts, since_us FROM shipments ORDER BY order_id`}
}

const columns = `order_id, user_id, address, state, reason, parcel_id, carrier, tracking, origin, since_us`

// toDo is the table of shipments as durable work.
func toDo(db *store.DB) work.Table[Shipment] {
	return work.Table[Shipment]{
		DB: db, Name: "shipments", Key: "order_id", Columns: columns, Due: "state IN ('due', 'booked')",
		Scan: scan, ID: func(s Shipment) string { return string(s.Order) },
	}
}

// insert adds a shipment; an order that has one keeps it.
func insert(ctx context.Context, tx *store.Tx, s Shipment) (bool, error) {
	address, err := json.Marshal(s.Address)
	if err != nil {
		return false, fmt.Errorf("encode address: %w", err)
	}
	n, err := tx.Exec(ctx, `INSERT INTO shipments (`+columns+`, attempts, lease_us, next_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $10) ON CONFLICT DO NOTHING`,
		s.Order, s.User, string(address), s.State, s.Reason, s.Parcel, s.Carrier, s.Tracking, s.Origin, store.Micros(s.Since))
	if err != nil {
		return false, fmt.Errorf("insert shipment: %w", err)
	}
	return n == 1, nil
}

// move writes a shipment's new state if it is still in the one before, and lets go of it until next.
func move(ctx context.Context, tx *store.Tx, s Shipment, from State, next time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE shipments SET state = $1, reason = $2, parcel_id = $3, carrier = $4, tracking = $5, since_us = $6, lease_us = 0, next_us = $7
		WHERE order_id = $8 AND state = $9`,
		s.State, s.Reason, s.Parcel, s.Carrier, s.Tracking, store.Micros(s.Since), store.Micros(next), s.Order, from)
	if err != nil {
		return false, fmt.Errorf("update shipment of order %s: %w", s.Order, err)
	}
	return n == 1, nil
}

// byOrder gives an order's shipment; false when there is none.
func byOrder(ctx context.Context, tx *store.Tx, order OrderID) (Shipment, bool, error) {
	s, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM shipments WHERE order_id = $1`, order))
	if errors.Is(err, sql.ErrNoRows) {
		return Shipment{}, false, nil
	}
	return s, err == nil, err
}

func scan(row interface{ Scan(...any) error }) (Shipment, error) {
	var s Shipment
	var address string
	var since int64
	if err := row.Scan(&s.Order, &s.User, &address, &s.State, &s.Reason, &s.Parcel, &s.Carrier, &s.Tracking, &s.Origin, &since); err != nil {
		return Shipment{}, fmt.Errorf("read shipment: %w", err)
	}
	if err := json.Unmarshal([]byte(address), &s.Address); err != nil {
		return Shipment{}, fmt.Errorf("decode address of order %s: %w", s.Order, err)
	}
	s.Since = store.Time(since)
	return s, nil
}
