package telemetry

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// Counter gives the counter of a catalogue entry; asking twice gives the same one.
func (t *Telemetry) Counter(m Metric) *prometheus.CounterVec {
	m.must(Counter)
	return register(t.Registry, m, prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, m.Labels))
}

// Gauge gives the gauge of a catalogue entry.
func (t *Telemetry) Gauge(m Metric) *prometheus.GaugeVec {
	m.must(Gauge)
	return register(t.Registry, m, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: m.Name, Help: m.Help}, m.Labels))
}

// Histogram gives the histogram of a catalogue entry.
func (t *Telemetry) Histogram(m Metric) *prometheus.HistogramVec {
	m.must(Histogram)
	return register(t.Registry, m, prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Name, Help: m.Help, Buckets: m.Buckets}, m.Labels))
}

// Observe adds a value to a histogram, with the trace that ctx belongs to as its exemplar.
func Observe(ctx context.Context, o prometheus.Observer, value float64) {
	span := trace.SpanContextFromContext(ctx)
	if e, ok := o.(prometheus.ExemplarObserver); ok && span.IsSampled() {
		e.ObserveWithExemplar(value, prometheus.Labels{"trace_id": span.TraceID().String()})
		return
	}
	o.Observe(value)
}

func (m Metric) must(k Kind) {
	if m.Kind != k {
		panic(fmt.Sprintf("metric %s is a %s in the catalogue, not a %s", m.Name, m.Kind, k))
	}
}

func register[C prometheus.Collector](r *prometheus.Registry, m Metric, c C) C {
	err := r.Register(c)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		return already.ExistingCollector.(C)
	}
	if err != nil {
		panic(fmt.Sprintf("register metric %s: %v", m.Name, err))
	}
	return c
}
