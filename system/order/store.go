package order

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stormglass/system/platform/money"
	"stormglass/system/platform/store"
)

//go:embed migrations/*.sql
var files embed.FS

func migrations() store.Migrations { return store.Embedded("order", files) }

// audit is what /audit shows: neither addresses nor card references.
func audit() store.Table {
	return store.Table{Name: "orders", Query: `SELECT id, user_id, idempotency_key, state, reason, items, total_minor, currency, cart_version, duplicate_of, created_us, updated_us FROM orders ORDER BY id`}
}

const columns = `id, user_id, idempotency_key, digest, state, reason, items, total_minor, currency, address, card_ref, cart_version, created_us, updated_us, deadline_us`

// insert adds an order. store.ErrConflict means that the user's key was used before, or that the cart was ordered before.
func insert(ctx context.Context, tx *store.Tx, o Order) error {
	items, err := json.Marshal(o.Items)
	if err != nil {
		return fmt.Errorf("encode items: %w", err)
	}
	address, err := json.Marshal(o.Address)
	if err != nil {
		return fmt.Errorf("encode address: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO orders (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		o.ID, o.User, o.Key, o.Digest, o.State, o.Reason, string(items), o.Total.Minor, o.Total.Currency, string(address), o.CardRef,
		o.CartVersion, o.Created.UnixMicro(), o.Updated.UnixMicro(), o.Deadline.UnixMicro())
	if err != nil {
		return fmt.Errorf("insert order: %w", err)
	}
	return claim(ctx, tx, o)
}

// claim notes that the lines of an order are ordered. It does so in the order of the products, so that two transactions of one
// user never wait for each other.
func claim(ctx context.Context, tx *store.Tx, o Order) error {
	lines := slices.SortedFunc(slices.Values(o.Items), func(a, b Item) int { return strings.Compare(a.ProductID, b.ProductID) })
	for _, line := range lines {
		_, err := tx.Exec(ctx, `INSERT INTO ordered_lines (user_id, product_id, line_version, order_id) VALUES ($1, $2, $3, $4)`,
			o.User, line.ProductID, line.LineVersion, o.ID)
		if err != nil {
			return fmt.Errorf("insert ordered line: %w", err)
		}
	}
	return nil
}

// byCart gives the id of the order that was made from a version of the user's cart, or else of one that has one of these lines;
// "" when there is none.
func byCart(ctx context.Context, tx *store.Tx, user UserID, version int64, lines []Item) (ID, error) {
	id, err := scanID(tx.QueryRow(ctx, `SELECT id FROM orders WHERE user_id = $1 AND cart_version = $2 AND duplicate_of = ''`, user, version))
	for i := 0; id == "" && err == nil && i < len(lines); i++ {
		id, err = scanID(tx.QueryRow(ctx, `SELECT order_id FROM ordered_lines WHERE user_id = $1 AND product_id = $2 AND line_version = $3`,
			user, lines[i].ProductID, lines[i].LineVersion))
	}
	return id, err
}

func scanID(row *sql.Row) (id ID, err error) {
	if err := row.Scan(&id); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read order of cart: %w", err)
	}
	return id, nil
}

// byID gives an order, or sql.ErrNoRows.
func byID(ctx context.Context, tx *store.Tx, id ID) (Order, error) {
	return scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM orders WHERE id = $1`, id))
}

// byKey gives the order that a user made with a key; false when there is none.
func byKey(ctx context.Context, tx *store.Tx, user UserID, key string) (Order, bool, error) {
	o, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM orders WHERE user_id = $1 AND idempotency_key = $2`, user, key))
	if errors.Is(err, sql.ErrNoRows) {
		return Order{}, false, nil
	}
	return o, err == nil, err
}

// position is where a page of orders begins: after the order made at this time with this id.
type position struct {
	created int64
	id      ID
}

// page gives a user's orders, newest first, from after a position (nil: from the newest).
func page(ctx context.Context, tx *store.Tx, user UserID, after *position, limit int) ([]Order, error) {
	query, args := `SELECT `+columns+` FROM orders WHERE user_id = $1 ORDER BY created_us DESC, id DESC LIMIT $2`, []any{user, limit}
	if after != nil {
		query = `SELECT ` + columns + ` FROM orders WHERE user_id = $1 AND (created_us < $3 OR (created_us = $3 AND id < $4)) ORDER BY created_us DESC, id DESC LIMIT $2`
		args = append(args, after.created, after.id)
	}
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	defer rows.Close()
	var orders []Order
	for rows.Next() {
		o, err := scan(rows)
		if err != nil {
			return nil, err
		}
		orders = append(orders, o)
	}
	return orders, rows.Err()
}

// setState writes a move down, if the order is still in the state that it moved from.
func setState(ctx context.Context, tx *store.Tx, o Order, from State) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE orders SET state = $1, reason = $2, updated_us = $3 WHERE id = $4 AND state = $5`,
		o.State, o.Reason, o.Updated.UnixMicro(), o.ID, from)
	if err != nil {
		return false, fmt.Errorf("update order %s: %w", o.ID, err)
	}
	return n == 1, nil
}

// overdue lists pending orders whose deadline is before now.
func overdue(ctx context.Context, tx *store.Tx, now time.Time, limit int) ([]ID, error) {
	rows, err := tx.Query(ctx, `SELECT id FROM orders WHERE state = 'pending' AND deadline_us < $1 ORDER BY deadline_us LIMIT $2`, now.UnixMicro(), limit)
	if err != nil {
		return nil, fmt.Errorf("list overdue orders: %w", err)
	}
	defer rows.Close()
	var ids []ID
	for rows.Next() {
		var id ID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read overdue order: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// queryOldest asks for each open state by itself, because each has an index of its own: it is asked twice a second, and
// must not look at all orders that there ever were.
const queryOldest = `SELECT (SELECT MIN(created_us) FROM orders WHERE state = 'pending'),
	(SELECT MIN(created_us) FROM orders WHERE state = 'confirmed')`

// oldest tells when the oldest order of each state was made that is not final; the zero time where there is none.
type oldest struct{ pending, confirmed time.Time }

// open is when the oldest order of both states was made.
func (o oldest) open() time.Time {
	if o.pending.IsZero() || !o.confirmed.IsZero() && o.confirmed.Before(o.pending) {
		return o.confirmed
	}
	return o.pending
}

func findOldest(ctx context.Context, tx *store.Tx) (oldest, error) {
	var pending, confirmed sql.NullInt64
	if err := tx.QueryRow(ctx, queryOldest).Scan(&pending, &confirmed); err != nil {
		return oldest{}, fmt.Errorf("find oldest open orders: %w", err)
	}
	return oldest{instant(pending), instant(confirmed)}, nil
}

// instant gives a moment in microseconds, or the zero time for NULL.
func instant(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return time.UnixMicro(us.Int64)
}

func scan(row interface{ Scan(...any) error }) (Order, error) {
	var o Order
	var items, address string
	var created, updated, deadline, minor int64
	var currency string
	err := row.Scan(&o.ID, &o.User, &o.Key, &o.Digest, &o.State, &o.Reason, &items, &minor, &currency, &address, &o.CardRef,
		&o.CartVersion, &created, &updated, &deadline)
	if err != nil {
		return Order{}, fmt.Errorf("read order: %w", err)
	}
	o.Total = money.Of(minor, currency)
	o.Created, o.Updated, o.Deadline = time.UnixMicro(created), time.UnixMicro(updated), time.UnixMicro(deadline)
	if err := errors.Join(json.Unmarshal([]byte(items), &o.Items), json.Unmarshal([]byte(address), &o.Address)); err != nil {
		return Order{}, fmt.Errorf("decode order %s: %w", o.ID, err)
	}
	return o, nil
}
