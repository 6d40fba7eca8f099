// Package work does what a service owes to companies outside: calls that must happen though the process dies, and that
// must not happen inside a database transaction. What is to be done is a row in the service's own table; a worker claims
// rows with a lease, does each, and finishes it in a transaction of its own.
package work

import (
	"cmp"
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/events"
	"stormglass/system/platform/telemetry"
)

// Config says how work is done. Zero fields take the defaults named beside them.
type Config struct {
	// Name of the backlog, such as "payment.charges".
	Name string
	// Concurrency is how many items are done at once: 4.
	Concurrency int
	// Lease is how long a claimed item is kept from other instances, and the most time that one item gets: 30s. Choose
	// it longer than the deadlines of what Do calls.
	Lease time.Duration
	// Poll is how often the table is asked for items that nobody woke the worker for: 500ms.
	Poll time.Duration
}

// Source is the table of items and what to do with one.
type Source[T any] struct {
	// Claim leases at most n items that are due and commits.
	Claim func(ctx context.Context, n int, lease time.Duration) ([]T, error)
	// Do does an item and finishes its row. After a crash it is done again, so what it calls must know it by a key.
	//
	// An outage (see problem.Code.Outage) pauses the worker and costs the item nothing: it is given back. Any other error
	// is the item's own: Do has counted it in the item's row if it is to be given up some day, and the item is given back
	// for ItemDelay.
	Do func(ctx context.Context, item T) error
	// Release ends the lease of items; they are due again at notBefore.
	Release func(ctx context.Context, items []T, notBefore time.Time) error
	// Backlog gives how many items wait and when the oldest became due; no time when none does.
	Backlog func(ctx context.Context) (depth int64, oldest time.Time, err error)
}

const (
	// ItemDelay is how long an item that failed by its own fault is left alone.
	ItemDelay = time.Second
	// watchEvery is how often the backlog's metrics are read.
	watchEvery = 500 * time.Millisecond
	// grace is how long items under way may still take when the worker is stopped.
	grace = 2 * time.Second
)

// Worker works off one kind of item. Several instances may share a table.
type Worker[T any] struct {
	tel    *telemetry.Telemetry
	config Config
	source Source[T]
	gate   *events.Gate
	took   *prometheus.HistogramVec
	depth  prometheus.Gauge
	age    prometheus.Gauge
	wake   chan struct{}
	done   chan result[T]
	// owed are items that could not be given back yet. They belong to the goroutine of Run.
	owed []result[T]
}

// New makes a worker; it works while Run runs.
func New[T any](tel *telemetry.Telemetry, config Config, source Source[T]) *Worker[T] {
	config.Concurrency = cmp.Or(config.Concurrency, 4)
	config.Lease = cmp.Or(config.Lease, 30*time.Second)
	config.Poll = cmp.Or(config.Poll, 500*time.Millisecond)
	w := &Worker[T]{
		tel: tel, config: config, source: source,
		gate:  events.NewGate(tel, config.Name),
		took:  tel.Histogram(telemetry.ProcessDuration),
		depth: tel.Gauge(telemetry.BacklogDepth).WithLabelValues(config.Name),
		age:   tel.Gauge(telemetry.BacklogAge).WithLabelValues(config.Name),
		wake:  make(chan struct{}, 1),
		done:  make(chan result[T], config.Concurrency),
	}
	w.depth.Set(0)
	w.age.Set(0)
	return w
}

// Wake makes the worker look for items now: call it after the commit that added one. It never blocks.
func (w *Worker[T]) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
