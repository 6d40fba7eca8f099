// Package store is a service's own SQL database, SQLite or PostgreSQL, behind one type.
package store

import (
	"context"
	"database/sql"
	"errors"
	"net/http"

	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// ErrConflict says that a statement broke a rule of the schema: a key that exists already, a missing parent, a check.
var ErrConflict = errors.New("conflicts with a rule of the schema")

// DB is a service's database. It is safe for concurrent use.
type DB struct{}

// Open opens a database and brings its schema up to date. A nil link means no policy.
func Open(ctx context.Context, tel *telemetry.Telemetry, link *resilience.Link, url string, sets ...Migrations) (*DB, error) {
	return nil, errors.ErrUnsupported
}

// Dialect is "sqlite" or "postgres".
func (db *DB) Dialect() string { return "" }

// InTx runs fn in a write transaction. fn may run several times.
func (db *DB) InTx(ctx context.Context, name string, fn func(ctx context.Context, tx *Tx) error) error {
	return errors.ErrUnsupported
}

// Read runs fn in a read-only transaction that sees one consistent snapshot. fn may run several times.
func (db *DB) Read(ctx context.Context, name string, fn func(ctx context.Context, tx *Tx) error) error {
	return errors.ErrUnsupported
}

// Ping asks the database for a sign of life.
func (db *DB) Ping(ctx context.Context) error { return errors.ErrUnsupported }

// Close closes all connections.
func (db *DB) Close(ctx context.Context) error { return errors.ErrUnsupported }

// Table is what the audit shows of one table.
type Table struct{ Name, Query string }

// Audit serves GET /audit.
func (db *DB) Audit(mux *http.ServeMux, service string, tables ...Table) {}

// Tx is one transaction.
type Tx struct{}

// Exec runs a statement and gives the number of rows that it changed.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (rows int64, err error) {
	return 0, errors.ErrUnsupported
}

// Query runs a query. Close the rows before the next statement.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return nil, errors.ErrUnsupported
}

// QueryRow runs a query for at most one row.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row { return nil }

// Savepoint runs fn and takes back what it did when it fails; the transaction lives on.
func (tx *Tx) Savepoint(ctx context.Context, fn func() error) error { return errors.ErrUnsupported }

// AfterCommit runs fn once the commit is known to have happened.
func (tx *Tx) AfterCommit(fn func()) {}
