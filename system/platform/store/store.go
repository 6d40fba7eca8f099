// Package store is a service's own SQL database, SQLite or PostgreSQL, behind one type. The SQL is written once, in the
// subset that both understand: `$1` placeholders, times as BIGINT microseconds (Micros), JSON as TEXT, no locking
// clauses. A transaction means the same on both:
//
//   - It is serializable. Where PostgreSQL finds a conflict, the transaction is run again, a few times.
//   - A statement that fails spoils it, unless a Savepoint takes that back.
//   - It is retried only while it is certain that nothing was committed. A commit whose answer was lost is
//     problem.Unknown with reason "commit_unknown", and is for the caller to resolve.
//
// The policy of the database's link wraps the whole transaction:
//
//	InTx ─▶ link policy ─▶ connection ─▶ BEGIN ─▶ fn ─▶ COMMIT ─▶ what AfterCommit asked for
//	           ▲                                     │
//	           └── nothing was committed ────────────┘
//
// # A file that behaves like a database on the network
//
// SQLite has no network that could be cut. With `sqlite:///path?link=host:port` each connection of the pool also holds
// a TCP connection to that address, and says one line on it before each step, `WORD name\n` with the transaction's
// name, and waits for `OK\n`: BEGIN, STATEMENT, COMMIT, ROLLBACK, and after the real COMMIT once more COMMITTED. So
// latency, stalls, resets and outages between here and there act as they would on a networked database: before the
// COMMIT they undo the transaction, and an answer to COMMITTED that is lost makes its outcome unknown. Savepoints cost
// no round trip of their own, and a Read ends without one. Without `link=` there is none of this.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// DB is a service's database. It is safe for concurrent use.
type DB struct {
	dialect *dialect
	writers *sql.DB
	readers *sql.DB // the same pool as writers on PostgreSQL
	link    *resilience.Link
	tel     *telemetry.Telemetry
	tracer  trace.Tracer
	traits  []attribute.KeyValue // of each span
	metrics *metrics
}

// Open opens a database and brings its schema up to date, in one transaction that excludes other instances doing the
// same. It waits for nobody: a database that is away is an error within seconds. A nil link means no policy.
//
//	postgres://user:password@host:5432/name?max_conns=10   and whatever else pgx understands
//	sqlite:///folder/file.db?max_conns=4&link=host:port    max_conns counts readers; there is one writer
//
// A URL that cannot be right is boot.ErrUsage; the password never shows in the message.
func Open(ctx context.Context, tel *telemetry.Telemetry, link *resilience.Link, url string, sets ...Migrations) (*DB, error) {
	b, err := parse(url)
	if err != nil {
		return nil, err
	}
	db := &DB{dialect: b.dialect, link: link, tel: tel, tracer: tel.Tracer("platform/store")}
	db.writers = b.pool(b.writer, b.maxWriters)
	db.readers = db.writers
	if b.reader != nil {
		db.readers = b.pool(b.reader, b.maxReaders)
	}
	db.traits = traits(b.dialect.name, link)
	db.metrics = newMetrics(tel, db.pools())
	if err := db.prepare(ctx, sets); err != nil {
		return nil, errors.Join(err, db.Close(ctx))
	}
	return db, nil
}

// reachLimit bounds the sign of life that Open asks for.
const reachLimit = 2 * time.Second

// prepare asks for a sign of life and then migrates. Neither goes through the link's policy: who starts waits anyway, so
// what its breaker would learn here would only keep it from the database that has just come up.
func (db *DB) prepare(ctx context.Context, sets []Migrations) error {
	limited, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	if err := db.once(limited, db.writers, &run{name: "open", mode: reading, fn: nothing}); err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	return db.migrate(ctx, sets)
}

func nothing(context.Context, *Tx) error { return nil }

// traits are what every span of this database says: which system it is, and which neighbour it stands for.
func traits(system string, link *resilience.Link) []attribute.KeyValue {
	out := []attribute.KeyValue{attribute.String("db.system.name", map[string]string{"postgres": "postgresql", "sqlite": "sqlite"}[system])}
	if link != nil {
		_, server, _ := strings.Cut(link.Name(), " -> ")
		out = append(out, attribute.String("peer.service", server))
	}
	return out
}

// Dialect is "sqlite" or "postgres".
func (db *DB) Dialect() string { return db.dialect.name }

// Ping asks the database for a sign of life, outside the link's policy: for readiness, which must see what is, and not
// what a breaker remembers.
func (db *DB) Ping(ctx context.Context) error {
	return db.once(ctx, db.readers, &run{name: "ping", mode: reading, fn: func(ctx context.Context, tx *Tx) error {
		var one int
		return tx.QueryRow(ctx, "SELECT 1").Scan(&one)
	}})
}

// once runs a transaction without the link's policy.
func (db *DB) once(ctx context.Context, pool *sql.DB, r *run) error {
	if err := db.attempt(ctx, pool, r); err != nil {
		return err
	}
	return r.own
}

// Close closes all connections, those in use as soon as they come back.
func (db *DB) Close(context.Context) error {
	db.metrics.close()
	var failed error
	for _, pool := range db.pools() {
		failed = errors.Join(failed, pool.Close())
	}
	if failed != nil {
		return fmt.Errorf("close database: %w", failed)
	}
	return nil
}

func (db *DB) pools() []*sql.DB {
	if db.readers == db.writers {
		return []*sql.DB{db.writers}
	}
	return []*sql.DB{db.readers, db.writers}
}
