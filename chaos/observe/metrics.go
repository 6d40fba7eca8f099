package observe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
)

const (
	// lookback is how long a value stays valid without a newer one. A second of a run stands for a minute of
	// production, so this is Prometheus' default of five minutes. It is no option: the same question must get the same
	// answer live and from the folder.
	lookback = 5 * time.Second
	// subqueryStep is the step of a subquery that names none, as in `x[10s:]`.
	subqueryStep = 500 * time.Millisecond
	// maxSamples and queryTimeout stop a query that has gone wild.
	maxSamples   = 50_000_000
	queryTimeout = 30 * time.Second
	// maxExemplars is how many exemplars are kept, minutes of a busy run; older ones give way.
	maxExemplars = 200_000
)

var (
	errClosed   = errors.New("metrics are closed")
	errNotEmpty = errors.New("holds a recording already; choose an empty folder")
)

// metrics are samples in the memory of a Prometheus head, with PromQL on top.
//
// A run is short, so nothing is ever compacted into blocks: the write-ahead log is the whole record, and to open a
// folder is to replay it. That also keeps the order of series, and with it the order in which floats are added up, so
// the recorded answers equal the live ones to the last bit.
type metrics struct {
	head    *tsdb.Head
	engine  *promql.Engine
	parser  parser.Parser
	scratch string

	mu     sync.RWMutex // held for reading by queries, for writing by close
	closed bool
}

// createMetrics starts a recording in dir, which must not hold one yet.
func createMetrics(dir string) (*metrics, error) {
	logDir := filepath.Join(dir, "wal")
	if _, err := os.Stat(logDir); err == nil {
		return nil, fmt.Errorf("create metrics: %s %w", dir, errNotEmpty)
	}
	log, err := wlog.New(nil, nil, logDir, compression.Snappy)
	if err != nil {
		return nil, fmt.Errorf("create metrics log: %w", err)
	}
	return newMetrics(log, filepath.Join(dir, "scratch"))
}

// openMetrics replays a recording and leaves dir as it was. What does not fit into memory goes to a folder in dir as long as
// that takes, so that a process that is killed meanwhile leaves nothing elsewhere; where dir cannot be written to, it goes to
// the folder for temporary files.
func openMetrics(dir string) (*metrics, error) {
	logDir := filepath.Join(dir, "wal")
	if _, err := os.Stat(logDir); err != nil {
		return nil, fmt.Errorf("open metrics: %w", err)
	}
	log, err := wlog.Open(nil, logDir)
	if err != nil {
		return nil, fmt.Errorf("open metrics log: %w", err)
	}
	scratch, err := os.MkdirTemp(dir, "scratch-")
	if err != nil {
		scratch, err = os.MkdirTemp("", "stormglass-metrics-")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open metrics: %w", err), log.Close())
	}
	return newMetrics(log, scratch)
}

// newMetrics builds a head over a log, or one without a log, which remembers as long as it lives. Chunks that a head moves out of memory only repeat what the log holds, so they
// go to a scratch folder that is removed in the end.
func newMetrics(log *wlog.WL, scratch string) (*metrics, error) {
	head, err := tsdb.NewHead(nil, nil, log, nil, headOptions(scratch), nil)
	if err != nil {
		if log != nil {
			err = errors.Join(err, log.Close())
		}
		return nil, errors.Join(fmt.Errorf("create metrics head: %w", err), os.RemoveAll(scratch))
	}
	if err := head.Init(math.MinInt64); err != nil {
		return nil, errors.Join(fmt.Errorf("replay metrics: %w", err), head.Close(), os.RemoveAll(scratch))
	}
	language := parser.NewParser(parser.Options{})
	return &metrics{
		head:    head,
		parser:  language,
		scratch: scratch,
		engine: promql.NewEngine(promql.EngineOpts{
			MaxSamples:               maxSamples,
			Timeout:                  queryTimeout,
			LookbackDelta:            lookback,
			NoStepSubqueryIntervalFn: func(int64) int64 { return subqueryStep.Milliseconds() },
			EnableAtModifier:         true,
			EnableNegativeOffset:     true,
			Parser:                   language,
		}),
	}, nil
}

func headOptions(scratch string) *tsdb.HeadOptions {
	o := tsdb.DefaultHeadOptions()
	o.ChunkDirRoot = scratch
	o.StripeSize = 1 << 10 // the default takes megabytes and suits millions of series
	o.EnableExemplarStorage = true
	o.MaxExemplars.Store(maxExemplars)
	return o
}

// querier reads the samples between two moments, in milliseconds of Unix time.
func (m *metrics) querier(from, to int64) (storage.Querier, error) {
	if to < m.head.MinTime() {
		return storage.NoopQuerier(), nil
	}
	return tsdb.NewBlockQuerier(tsdb.NewRangeHead(m.head, from, to), from, to)
}

// Query implements [Metrics].
func (m *metrics) Query(ctx context.Context, expr string, at time.Time) (Vector, error) {
	var answer Vector
	err := m.read(func() error {
		query, err := m.engine.NewInstantQuery(ctx, storage.QueryableFunc(m.querier), nil, expr, at)
		if err != nil {
			return err
		}
		defer query.Close()
		answer, err = vector(query.Exec(ctx))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", expr, err)
	}
	return answer, nil
}

// QueryRange implements [Metrics].
func (m *metrics) QueryRange(ctx context.Context, expr string, from, to time.Time, step time.Duration) (Matrix, error) {
	if step < time.Millisecond {
		return nil, fmt.Errorf("query %q: step is %v, must be at least 1ms", expr, step)
	}
	var answer Matrix
	err := m.read(func() error {
		query, err := m.engine.NewRangeQuery(ctx, storage.QueryableFunc(m.querier), nil, expr, from, to, step)
		if err != nil {
			return err
		}
		defer query.Close()
		answer, err = matrix(query.Exec(ctx))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", expr, err)
	}
	return answer, nil
}

// Exemplars implements [Metrics].
func (m *metrics) Exemplars(ctx context.Context, selector string, from, to time.Time) ([]Exemplar, error) {
	var answer []Exemplar
	err := m.read(func() error {
		matchers, err := m.parser.ParseMetricSelector(selector)
		if err != nil {
			return err
		}
		querier, err := m.head.ExemplarQuerier(ctx)
		if err != nil {
			return err
		}
		found, err := querier.Select(from.UnixMilli(), to.UnixMilli(), matchers)
		answer = exemplars(found)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find exemplars of %q: %w", selector, err)
	}
	return answer, nil
}

// forget drops the samples from before a moment.
func (m *metrics) forget(before time.Time) error {
	return m.read(func() error {
		if err := m.head.Truncate(before.UnixMilli()); err != nil {
			return fmt.Errorf("forget metrics: %w", err)
		}
		return nil
	})
}

// read runs f while nobody can close the head.
func (m *metrics) read(f func() error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return errClosed
	}
	return f()
}

// close waits for the queries under way, completes the log on disk and removes the scratch folder.
func (m *metrics) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	err := errors.Join(m.engine.Close(), m.head.Close(), os.RemoveAll(m.scratch))
	if err != nil {
		return fmt.Errorf("close metrics: %w", err)
	}
	return nil
}
