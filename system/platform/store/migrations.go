package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// migrateLimit bounds all migrations of one start, the wait for another instance's included.
const migrateLimit = time.Minute

// Migrations is one set of goose files (`00001_orders.sql`, …) with a version table of its own, so that a package such
// as events can bring its tables into any service's database.
type Migrations struct {
	// Name is a lower-case word, such as "order"; the version table is goose_<name>.
	Name string
	// Files holds the files at its top.
	Files fs.FS
}

// migrate applies what is missing of all sets in one transaction: all or nothing, one commit, and nobody else meanwhile.
func (db *DB) migrate(ctx context.Context, sets []Migrations) error {
	if len(sets) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, migrateLimit)
	defer cancel()
	return db.once(ctx, db.writers, &run{name: "migrate", mode: migrating, fn: func(ctx context.Context, tx *Tx) error {
		return tx.pooled.Raw(func(any) error { return db.apply(ctx, tx.conn, sets) })
	}})
}

// apply lets goose work inside the open transaction.
func (db *DB) apply(ctx context.Context, c *conn, sets []Migrations) (err error) {
	inner := sql.OpenDB(innerConnector{c})
	inner.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, inner.Close()) }()
	for _, set := range sets {
		if err := db.applySet(ctx, inner, set); err != nil {
			return fmt.Errorf("migrate %s: %w", set.Name, err)
		}
	}
	return nil
}

func (db *DB) applySet(ctx context.Context, inner *sql.DB, set Migrations) error {
	p, err := goose.NewProvider(goose.Dialect(db.dialect.goose), inner, set.Files,
		goose.WithTableName("goose_"+set.Name), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	applied, err := p.Up(ctx)
	if stuck, ok := errors.AsType[*goose.PartialError](err); ok {
		return fmt.Errorf("%s: %w", stuck.Failed.Source.Path, stuck.Err)
	}
	if err != nil {
		return err
	}
	if len(applied) > 0 {
		db.tel.Log.Info().Str("set", set.Name).Int64("version", applied[len(applied)-1].Source.Version).Msg("migrated")
	}
	return nil
}

// innerConnector hands the connection of the open transaction to goose, which wants a database and begins transactions
// of its own.
type innerConnector struct{ conn *conn }

func (c innerConnector) Connect(context.Context) (driver.Conn, error) { return innerConn{c.conn}, nil }
func (c innerConnector) Driver() driver.Driver                        { return nil }

// innerConn turns transactions into savepoints. A statement that fails does not spoil the outer transaction by itself:
// goose tries one to find out whether its table exists.
type innerConn struct{ outer *conn }

func (c innerConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.outer.step(ctx); err != nil {
		return nil, err
	}
	result, err := c.outer.session.exec(ctx, query, args)
	return result, c.tell(ctx, err)
}

func (c innerConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.outer.step(ctx); err != nil {
		return nil, err
	}
	result, err := c.outer.session.query(ctx, query, args)
	return result, c.tell(ctx, err)
}

func (c innerConn) tell(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if err = c.outer.meaning(ctx, err); lost(err) {
		c.outer.failed = err
	}
	return err
}

func (c innerConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	return innerTx{c.outer, ctx}, c.outer.aside(ctx, "SAVEPOINT migration")
}

func (c innerConn) Close() error                        { return nil }
func (c innerConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c innerConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

// innerTx keeps the context that it began with, because the interface passes none to its end.
type innerTx struct {
	outer *conn
	ctx   context.Context
}

func (t innerTx) Commit() error   { return t.outer.aside(t.ctx, "RELEASE SAVEPOINT migration") }
func (t innerTx) Rollback() error { return t.outer.takeBack(t.ctx, "migration") }
