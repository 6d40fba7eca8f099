package observe

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Recorded is what an [Observer] left in a folder.
type Recorded struct{}

// Open reads an evidence folder and changes nothing in it. Close it when done.
func Open(dir string) (*Recorded, error) { return nil, errors.ErrUnsupported }

// Query implements [Metrics].
func (r *Recorded) Query(ctx context.Context, promql string, at time.Time) (Vector, error) {
	return nil, errors.ErrUnsupported
}

// QueryRange implements [Metrics].
func (r *Recorded) QueryRange(ctx context.Context, promql string, from, to time.Time, step time.Duration) (Matrix, error) {
	return nil, errors.ErrUnsupported
}

// Exemplars implements [Metrics].
func (r *Recorded) Exemplars(ctx context.Context, selector string, from, to time.Time) ([]Exemplar, error) {
	return nil, errors.ErrUnsupported
}

// Trace implements [Traces].
func (r *Recorded) Trace(id string) []Span { return nil }

// Traces implements [Traces].
func (r *Recorded) Traces() iter.Seq2[string, []Span] { return func(func(string, []Span) bool) {} }

// Close gives back what reading needed.
func (r *Recorded) Close() error { return nil }
