package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"stormglass/system/platform/problem"
)

// Tx is one transaction. It belongs to one goroutine, and ends when the function that was given it returns. Close the
// rows of a query before the next statement.
type Tx struct {
	pooled *sql.Conn
	conn   *conn
	depth  int
	rows   *sql.Rows // of the last Query
	row    *sql.Row  // of the last QueryRow
	after  []func()
}

func begin(ctx context.Context, pool *sql.DB, name string, m mode) (*Tx, error) {
	pooled, err := pool.Conn(ctx)
	if err != nil {
		return nil, unreached(ctx, err)
	}
	tx := &Tx{pooled: pooled}
	err = pooled.Raw(func(c any) error {
		tx.conn = c.(*conn)
		return tx.conn.begin(ctx, name, m)
	})
	if err != nil {
		return nil, errors.Join(err, pooled.Close())
	}
	return tx, nil
}

// unreached gives a code to a connection that we did not get.
func unreached(ctx context.Context, err error) error {
	if _, known := errors.AsType[*problem.Error](err); known {
		return err
	}
	if ctx.Err() != nil {
		return ended(ctx, err)
	}
	return away(err)
}

// Exec runs a statement and gives the number of rows that it changed. Breaking a rule of the schema is ErrConflict.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (rows int64, err error) {
	result, err := tx.pooled.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Query runs a query.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := tx.pooled.QueryContext(ctx, query, args...)
	tx.rows = rows
	return rows, err
}

// QueryRow runs a query for at most one row; none is sql.ErrNoRows from Scan. Scan must be called.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	tx.row = tx.pooled.QueryRowContext(ctx, query, args...)
	return tx.row
}

// Alone waits until no other transaction is under way that asked for the same table, and shows this one all that they did.
// It must come first in a write transaction. It is for those that change many rows at a time in an order of their own, such
// as the batches of two consumers: side by side they would only make each other start again. Use a table of no other use.
func (tx *Tx) Alone(ctx context.Context, table string) error {
	if tx.conn.dialect.alone == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, tx.conn.dialect.alone+table); err != nil {
		return fmt.Errorf("wait for %s: %w", table, err)
	}
	return nil
}

// Savepoint runs fn, and takes back what it did when it fails, its failed statement included; the transaction lives on
// and fn's error is returned. Savepoints may be nested. When the transaction itself is lost, it stays so.
func (tx *Tx) Savepoint(ctx context.Context, fn func() error) error {
	tx.depth++
	defer func() { tx.depth-- }()
	name := fmt.Sprintf("s%d", tx.depth)
	if err := tx.aside(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	hooks := len(tx.after)
	err := fn()
	if spoiled := tx.spoiled(); err == nil && spoiled != nil {
		err = spoiled
	}
	if err == nil {
		return tx.aside(ctx, "RELEASE SAVEPOINT "+name)
	}
	tx.after = tx.after[:hooks]
	if back := tx.takeBack(ctx, name); back != nil && !errors.Is(err, back) {
		return errors.Join(err, back)
	}
	return err
}

func (tx *Tx) aside(ctx context.Context, statement string) error {
	return tx.pooled.Raw(func(any) error { return tx.conn.aside(ctx, statement) })
}

func (tx *Tx) takeBack(ctx context.Context, name string) error {
	return tx.pooled.Raw(func(any) error { return tx.conn.takeBack(ctx, name) })
}

// AfterCommit runs fn once the commit is known to have happened: never for a transaction that was rolled back, nor for
// one whose outcome is unknown.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// spoiled gives the error that keeps the transaction from going on.
func (tx *Tx) spoiled() error { return tx.conn.failed }

func (tx *Tx) commit(ctx context.Context) error {
	return tx.pooled.Raw(func(any) error { return tx.conn.commit(ctx) })
}

// end gives the connection back, and rolls back what is still open on it. Rows that were left open would keep the
// connection, so they are closed here.
func (tx *Tx) end(ctx context.Context) {
	if tx.rows != nil {
		tx.rows.Close()
	}
	if tx.row != nil {
		_ = tx.row.Scan() // closes its rows, which an earlier Scan has usually done
	}
	_ = tx.pooled.Raw(func(any) error { tx.conn.end(ctx); return nil })
	_ = tx.pooled.Close() // the pool drops a connection that is broken by itself
}
