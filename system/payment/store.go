package payment

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"stormglass/system/platform/money"
	"stormglass/system/platform/store"
)

//go:embed migrations/*.sql
var files embed.FS

func migrations() store.Migrations { return store.Embedded("payment", files) }

// audit is what /audit shows: no tokens.
func audit() []store.Table {
	return []store.Table{
		{Name: "payments", Query: `SELECT order_id, user_id, amount_minor, currency, state, reason, intent_id, refunds_failed, attempts, since_us FROM payments ORDER BY order_id`},
		{Name: "mismatches", Query: `SELECT intent_id, order_id, kind, found_us FROM mismatches ORDER BY intent_id`},
	}
}

const columns = `order_id, user_id, amount_minor, currency, card_ref, state, reason, intent_id, order_known, stock_reserved, refunds_failed, attempts, origin, since_us`

// byOrder gives an order's payment; false when there is none.
func byOrder(ctx context.Context, tx *store.Tx, order OrderID) (Payment, bool, error) {
	p, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM payments WHERE order_id = $1`, order))
	if errors.Is(err, sql.ErrNoRows) {
		return Payment{}, false, nil
	}
	return p, err == nil, err
}

func insert(ctx context.Context, tx *store.Tx, p Payment) error {
	_, err := tx.Exec(ctx, `INSERT INTO payments (`+columns+`, lease_us, next_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $14)`,
		p.Order, p.User, p.Amount.Minor, p.Amount.Currency, p.Card, p.State, p.Reason, p.Intent, bit(p.OrderKnown), bit(p.StockReserved),
		p.RefundsFailed, p.Attempts, p.Origin, store.Micros(p.Since))
	if err != nil {
		return fmt.Errorf("insert payment: %w", err)
	}
	return nil
}

// update writes a payment if it is still in the state that the change started from, with the same refund under way, and lets
// go of it: nobody takes it up before a time.
func update(ctx context.Context, tx *store.Tx, p, before Payment, next time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE payments SET user_id = $1, amount_minor = $2, currency = $3, card_ref = $4, state = $5, reason = $6,
		intent_id = $7, order_known = $8, stock_reserved = $9, origin = $10, since_us = $11, refunds_failed = $12, lease_us = 0, next_us = $13
		WHERE order_id = $14 AND state = $15 AND refunds_failed = $16`,
		p.User, p.Amount.Minor, p.Amount.Currency, p.Card, p.State, p.Reason, p.Intent, bit(p.OrderKnown), bit(p.StockReserved),
		p.Origin, store.Micros(p.Since), p.RefundsFailed, store.Micros(next), p.Order, before.State, before.RefundsFailed)
	if err != nil {
		return false, fmt.Errorf("update payment of order %s: %w", p.Order, err)
	}
	return n == 1, nil
}

// setIntent stores a charge's id while the payment is still in the state; the worker keeps its lease.
func setIntent(ctx context.Context, tx *store.Tx, p Payment) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE payments SET intent_id = $1 WHERE order_id = $2 AND state = $3`, p.Intent, p.Order, p.State)
	if err != nil {
		return false, fmt.Errorf("store charge of order %s: %w", p.Order, err)
	}
	return n == 1, nil
}

// byIntent gives the payment that a charge belongs to; false when there is none.
func byIntent(ctx context.Context, tx *store.Tx, intent IntentID) (Payment, bool, error) {
	p, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM payments WHERE intent_id = $1`, intent))
	if errors.Is(err, sql.ErrNoRows) {
		return Payment{}, false, nil
	}
	return p, err == nil, err
}

// settledCharge says whether the payment that a charge belongs to has reached a final state.
func settledCharge(ctx context.Context, tx *store.Tx, intent IntentID) (bool, error) {
	var state State
	err := tx.QueryRow(ctx, `SELECT state FROM payments WHERE intent_id = $1`, intent).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at charge: %w", err)
	}
	return state.Final(), nil
}

// hasten takes away the wait, not the lease, of a charge that the processor has news of.
func hasten(ctx context.Context, tx *store.Tx, intent IntentID) error {
	if _, err := tx.Exec(ctx, `UPDATE payments SET next_us = 0 WHERE intent_id = $1 AND next_us > 0`, intent); err != nil {
		return fmt.Errorf("hasten payment: %w", err)
	}
	return nil
}

func scan(row interface{ Scan(...any) error }) (Payment, error) {
	var p Payment
	var minor, orderKnown, stockReserved, since int64
	var currency string
	err := row.Scan(&p.Order, &p.User, &minor, &currency, &p.Card, &p.State, &p.Reason, &p.Intent, &orderKnown, &stockReserved, &p.RefundsFailed, &p.Attempts, &p.Origin, &since)
	if err != nil {
		return Payment{}, fmt.Errorf("read payment: %w", err)
	}
	p.Amount, p.OrderKnown, p.StockReserved, p.Since = money.Of(minor, currency), orderKnown == 1, stockReserved == 1, store.Time(since)
	return p, nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
