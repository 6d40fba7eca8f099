// Package observe records what one running copy of a system shows of itself: the metrics that it exposes, the traces
// that it sends, and the log lines that it writes.
//
// An [Observer] watches while a run goes on. What it saw stays in a folder, and [Open] reads that folder again later,
// with the same answers to the same questions:
//
//	targets ──── scrape ───▶ Observer ──▶ DIR/metrics      ──┐
//	OTLP, Jaeger thrift ───▶ Observer ──▶ DIR/traces.jsonl ──┴─▶ Open ──▶ Recorded
//	stdout of the processes ────────────▶ DIR/logs/*.log   ────▶ Logs
package observe

import (
	"context"
	"iter"
	"path/filepath"
	"time"
)

// Options say where to record and what to look at.
type Options struct {
	// Dir is the evidence folder. Metrics go to Dir/metrics, spans to Dir/traces.jsonl; neither may exist yet.
	Dir string
	// ScrapeEvery is the time between two looks at one target; 0 means 500 ms.
	ScrapeEvery time.Duration
	// Targets tells what to scrape. It is asked before each round, so targets may come and go; nil means nothing.
	Targets func() []Target
	// Keep is how long what was seen is remembered; 0 means for ever. With a limit there is no recording: nothing is
	// written but what does not fit into memory, and Open has nothing to open.
	Keep time.Duration
	// Late is told by how much each scrape begins late; nil means nobody.
	Late func(time.Duration)
	// OTLPAddr and JaegerAddr are where the receivers listen; empty means a free port of 127.0.0.1.
	OTLPAddr, JaegerAddr string
}

// Target is one place that exposes metrics. Instance and Job become the labels of each of its series; no two targets
// share both.
type Target struct {
	Instance, Job, URL string
}

// Metrics answers PromQL, from a run that goes on or from one that is over. A live answer is final once its moment is
// more than a second ago, because a scrape counts from when it began and may take that long.
type Metrics interface {
	// Query evaluates an expression at one moment. The answer is sorted by labels, and empty when nothing matched.
	Query(ctx context.Context, promql string, at time.Time) (Vector, error)
	// QueryRange evaluates an expression at from, from+step, … up to and including to.
	QueryRange(ctx context.Context, promql string, from, to time.Time, step time.Duration) (Matrix, error)
	// Exemplars returns the exemplars of the series that a selector names, observed between from and to.
	Exemplars(ctx context.Context, selector string, from, to time.Time) ([]Exemplar, error)
}

// Traces answers questions about spans.
type Traces interface {
	// Trace returns the spans of one trace by start, or none. The id is 32 lowercase hexadecimal digits.
	Trace(id string) []Span
	// Traces iterates over all traces by the start of their first span.
	Traces() iter.Seq2[string, []Span]
}

var (
	_ Metrics = (*Observer)(nil)
	_ Metrics = (*Recorded)(nil)
	_ Traces  = (*Observer)(nil)
	_ Traces  = (*Recorded)(nil)
)

// metricsDir and tracesFile are where a recording lies in its evidence folder.
func metricsDir(dir string) string { return filepath.Join(dir, "metrics") }
func tracesFile(dir string) string { return filepath.Join(dir, "traces.jsonl") }
