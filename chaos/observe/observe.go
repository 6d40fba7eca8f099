// Package observe records what one running copy of a system shows of itself: the metrics that it exposes, the traces
// that it sends, and the log lines that it writes.
//
// An [Observer] watches while a run goes on. What it saw stays in a folder, and [Open] reads that folder again later,
// with the same answers to the same questions:
//
//	targets ── scrape ──▶ head ──▶ DIR/metrics ──┐
//	OTLP, Jaeger ───────▶ spans ─▶ DIR/traces.jsonl ──▶ Open ──▶ Recorded
//	stdout of processes ─────────▶ DIR/logs/*.log ──▶ Logs
package observe

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Options say where to record and what to look at.
type Options struct {
	// Dir is the evidence folder. Metrics go to Dir/metrics, spans to Dir/traces.jsonl.
	Dir string
	// ScrapeEvery is the time between two looks at one target; 0 means 250 ms.
	ScrapeEvery time.Duration
	// Targets tells what to scrape. It is asked before each round, so targets may come and go.
	Targets func() []Target
	// OTLPAddr and JaegerAddr are where the receivers listen; empty means a free port of 127.0.0.1.
	OTLPAddr, JaegerAddr string
}

// Target is one place that exposes metrics. Instance and Job become the labels of each of its series.
type Target struct {
	Instance, Job, URL string
}

// Metrics answers PromQL, from a run that goes on or from one that is over.
type Metrics interface {
	// Query evaluates an expression at one moment. The answer is sorted by labels, and empty when nothing matched.
	Query(ctx context.Context, promql string, at time.Time) (Vector, error)
	// QueryRange evaluates an expression at from, from+step, … up to and including to.
	QueryRange(ctx context.Context, promql string, from, to time.Time, step time.Duration) (Matrix, error)
	// Exemplars returns the exemplars of the series that a selector names, recorded between from and to.
	Exemplars(ctx context.Context, selector string, from, to time.Time) ([]Exemplar, error)
}

// Traces answers questions about spans.
type Traces interface {
	// Trace returns the spans of one trace by start, or none. The id is 32 lowercase hexadecimal digits.
	Trace(id string) []Span
	// Traces iterates over all traces by the start of their first span.
	Traces() iter.Seq2[string, []Span]
}

// Observer watches one running copy of a system.
type Observer struct{}

// Start begins to scrape and to receive spans.
func Start(ctx context.Context, o Options) (*Observer, error) { return nil, errors.ErrUnsupported }

// OTLP is the host:port of the OTLP gRPC receiver for traces.
func (o *Observer) OTLP() string { return "" }

// Jaeger is the URL to which legacy Jaeger clients post batches of spans in Thrift.
func (o *Observer) Jaeger() string { return "" }

// Query implements [Metrics].
func (o *Observer) Query(ctx context.Context, promql string, at time.Time) (Vector, error) {
	return nil, errors.ErrUnsupported
}

// QueryRange implements [Metrics].
func (o *Observer) QueryRange(ctx context.Context, promql string, from, to time.Time, step time.Duration) (Matrix, error) {
	return nil, errors.ErrUnsupported
}

// Exemplars implements [Metrics].
func (o *Observer) Exemplars(ctx context.Context, selector string, from, to time.Time) ([]Exemplar, error) {
	return nil, errors.ErrUnsupported
}

// Trace implements [Traces].
func (o *Observer) Trace(id string) []Span { return nil }

// Traces implements [Traces].
func (o *Observer) Traces() iter.Seq2[string, []Span] { return func(func(string, []Span) bool) {} }

// Stop ends the watching and leaves the folder complete.
func (o *Observer) Stop(ctx context.Context) error { return errors.ErrUnsupported }
