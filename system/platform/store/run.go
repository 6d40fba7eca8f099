package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

const (
	// maxRounds is how often one attempt runs a transaction that loses against others before it gives up.
	maxRounds = 20
	// roundPause is the longest pause before the second round; it doubles up to maxRoundPause.
	roundPause    = time.Millisecond
	maxRoundPause = 32 * time.Millisecond
)

// mode is what a transaction is for.
type mode int

const (
	writing mode = iota
	writingCommitted
	reading
	migrating
)

// run is one call of InTx or Read on its way through its attempts.
type run struct {
	name string
	mode mode
	fn   func(context.Context, *Tx) error
	// own is what fn made of it: its answer, which says nothing about the database.
	own error
	// after is what the committed transaction left to do.
	after []func()
}

// InTx runs fn in a write transaction and commits it when fn returns nil. The name is a metric label and the word that
// a link hears, such as "place order": there must be few of them.
//
// fn may run several times, until one commit is certain, so it must leave nothing behind but rows and what it tells
// AfterCommit. What fn returns is returned as it is, and never counts as the database's failure.
func (db *DB) InTx(ctx context.Context, name string, fn func(ctx context.Context, tx *Tx) error) error {
	return db.do(ctx, db.writers, &run{name: name, mode: writing, fn: fn})
}

// InTxReadCommitted is InTx for bookkeeping that many do at once on one table, such as claiming and settling the rows of
// an outbox: each statement sees what is committed when it starts, so a conflict makes it wait rather than fail. Use it
// only where every statement that writes repeats in its own WHERE all that it relies on.
func (db *DB) InTxReadCommitted(ctx context.Context, name string, fn func(ctx context.Context, tx *Tx) error) error {
	return db.do(ctx, db.writers, &run{name: name, mode: writingCommitted, fn: fn})
}

// Read runs fn in a read-only transaction that sees one consistent snapshot. fn may run several times.
func (db *DB) Read(ctx context.Context, name string, fn func(ctx context.Context, tx *Tx) error) error {
	return db.do(ctx, db.readers, &run{name: name, mode: reading, fn: fn})
}

func (db *DB) do(ctx context.Context, pool *sql.DB, r *run) error {
	ctx, finish := db.observe(ctx, r.name)
	err := db.guarded(ctx, r.name, func(ctx context.Context) error { return db.attempt(ctx, pool, r) })
	if err == nil {
		err = r.own
	}
	finish(err)
	if err == nil {
		for _, f := range r.after {
			f()
		}
	}
	return err
}

// guarded calls under the link's policy, where there is a link.
func (db *DB) guarded(ctx context.Context, name string, call func(context.Context) error) error {
	if db.link == nil {
		return call(ctx)
	}
	_, err := resilience.Do(ctx, db.link, resilience.Op{Name: name, Retry: true}, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, call(ctx)
	})
	return err
}

// attempt runs a transaction to its end. Losing against another transaction is no failure of the database, so the
// rounds that it costs are counted here and not against the link's retries.
func (db *DB) attempt(ctx context.Context, pool *sql.DB, r *run) error {
	pause := roundPause
	for n := 1; ; n++ {
		start := time.Now()
		err := db.round(ctx, pool, r)
		if !errors.Is(err, errContention) || n == maxRounds {
			return err
		}
		db.metrics.lost(r.name, time.Since(start))
		select {
		case <-time.After(rand.N(pause)):
			pause = min(2*pause, maxRoundPause)
		case <-ctx.Done():
			return err
		}
	}
}

// round is one try: BEGIN, fn, COMMIT.
func (db *DB) round(ctx context.Context, pool *sql.DB, r *run) error {
	r.own, r.after = nil, nil
	tx, err := begin(ctx, pool, r.name, r.mode)
	if err != nil {
		return err
	}
	defer tx.end(ctx)
	own := r.fn(ctx, tx)
	if spoiled := tx.spoiled(); spoiled != nil {
		return r.failure(own, spoiled)
	}
	if own != nil && ctx.Err() != nil && errors.Is(own, ctx.Err()) {
		return ended(ctx, own)
	}
	if r.own = own; own != nil {
		return nil
	}
	if err := tx.commit(ctx); err != nil {
		return r.failure(nil, err)
	}
	r.after = tx.after
	return nil
}

// failure decides whose error it is that ended a round. When the transaction was lost under fn, that is the database's,
// in fn's words where fn passed it on. A statement that was refused on its merits belongs to fn.
func (r *run) failure(own, spoiled error) error {
	said := spoiled
	if own != nil && errors.Is(own, spoiled) {
		said = own
	}
	if lost(spoiled) {
		return said
	}
	if r.own = own; own == nil {
		r.own = spoiled
	}
	return nil
}

// observe measures an operation, and gives it a span when it belongs to a trace: a poll that finds nothing is none.
func (db *DB) observe(ctx context.Context, name string) (context.Context, func(error)) {
	start := time.Now()
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, func(err error) { db.metrics.done(ctx, name, err, time.Since(start)) }
	}
	ctx, span := db.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(db.traits...),
		trace.WithAttributes(attribute.String("db.operation.name", name)))
	return ctx, func(err error) {
		if code := problem.CodeOf(err); code.Outage() || code == problem.Internal && !errors.Is(err, ErrConflict) {
			span.SetStatus(codes.Error, string(code))
		}
		span.End()
		db.metrics.done(ctx, name, err, time.Since(start))
	}
}
