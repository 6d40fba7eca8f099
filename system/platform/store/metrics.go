package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// outcomeLost labels a round that lost against another transaction and was run again.
const outcomeLost = "contention"

// metrics counts transactions, and shows the pools of the program that they run on.
type metrics struct {
	duration *prometheus.HistogramVec
	all      *pools
	own      []*sql.DB
}

func newMetrics(tel *telemetry.Telemetry, own []*sql.DB) *metrics {
	m := &metrics{duration: tel.Histogram(telemetry.DBDuration), all: sharedPools(tel.Registry), own: own}
	m.all.add(own)
	return m
}

func (m *metrics) done(ctx context.Context, name string, err error, took time.Duration) {
	telemetry.Observe(ctx, m.duration.WithLabelValues(name, outcome(err)), took.Seconds())
}

func (m *metrics) lost(name string, took time.Duration) {
	m.duration.WithLabelValues(name, outcomeLost).Observe(took.Seconds())
}

func (m *metrics) close() { m.all.remove(m.own) }

func outcome(err error) string {
	switch code := problem.CodeOf(err); {
	case code != problem.Internal:
		return string(code)
	case errors.Is(err, ErrConflict):
		return string(problem.Conflict)
	case errors.Is(err, sql.ErrNoRows):
		return string(problem.NotFound)
	}
	return string(problem.Internal)
}

// pools collects the state of all pools of a program at the moment of a scrape.
type pools struct {
	connections, limit, pending *prometheus.Desc

	mu     sync.Mutex
	open   map[*sql.DB]bool
	waited int64 // by pools that are closed by now
}

// sharedPools gives a registry's collector; several databases of one program share it.
func sharedPools(r *prometheus.Registry) *pools {
	p := &pools{connections: desc(telemetry.DBConnections), limit: desc(telemetry.DBConnMax), pending: desc(telemetry.DBPending), open: map[*sql.DB]bool{}}
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](r.Register(p)); ok {
		return already.ExistingCollector.(*pools)
	}
	return p
}

func desc(m telemetry.Metric) *prometheus.Desc {
	return prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
}

func (p *pools) add(dbs []*sql.DB) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, db := range dbs {
		p.open[db] = true
	}
}

func (p *pools) remove(dbs []*sql.DB) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, db := range dbs {
		p.waited += db.Stats().WaitCount
		delete(p.open, db)
	}
}

// Describe names the metrics.
func (p *pools) Describe(to chan<- *prometheus.Desc) {
	to <- p.connections
	to <- p.limit
	to <- p.pending
}

// Collect sums over the pools.
func (p *pools) Collect(to chan<- prometheus.Metric) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var used, idle, limit int
	waited := p.waited
	for db := range p.open {
		s := db.Stats()
		used, idle, limit, waited = used+s.InUse, idle+s.Idle, limit+s.MaxOpenConnections, waited+s.WaitCount
	}
	to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(used), "used")
	to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(idle), "idle")
	to <- prometheus.MustNewConstMetric(p.limit, prometheus.GaugeValue, float64(limit))
	to <- prometheus.MustNewConstMetric(p.pending, prometheus.CounterValue, float64(waited))
}
