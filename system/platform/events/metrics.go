package events

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// What an event came to at a consumer: values of the label outcome.
const (
	outcomeApplied   = "applied"
	outcomeDuplicate = "duplicate"
	outcomeDead      = "dead"
)

// attributes are those of an event's spans.
func attributes(e Event) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.message.id", e.ID),
		attribute.String("messaging.destination.name", e.Type),
		attribute.String("correlation_id", e.CorrelationID),
	}
}

// outcome is what a batch came to, as a metric label.
func outcome(err error) string { return string(problem.CodeOf(err)) }

// consumerMetrics are those of one queue. Each counter is there from the start.
type consumerMetrics struct {
	queue    string
	duration *prometheus.HistogramVec
	consumed *prometheus.CounterVec
	buried   *prometheus.CounterVec
	lag      prometheus.Observer
	waiting  prometheus.Gauge
	age      prometheus.Gauge
	dead     prometheus.Gauge
}

func newConsumerMetrics(tel *telemetry.Telemetry, config ConsumerConfig) *consumerMetrics {
	m := &consumerMetrics{
		queue:    config.Queue,
		duration: tel.Histogram(telemetry.ProcessDuration),
		consumed: tel.Counter(telemetry.EventsConsumed),
		buried:   tel.Counter(telemetry.DeadLettered),
		lag:      tel.Histogram(telemetry.EventLag).WithLabelValues(config.Queue),
		waiting:  tel.Gauge(telemetry.BacklogDepth).WithLabelValues(config.Queue),
		age:      tel.Gauge(telemetry.BacklogAge).WithLabelValues(config.Queue),
		dead:     tel.Gauge(telemetry.DeadLetters).WithLabelValues(config.Queue),
	}
	m.duration.WithLabelValues(m.queue, string(problem.OK))
	for typ := range config.Handlers {
		m.buried.WithLabelValues(m.queue, typ)
		for _, o := range []string{outcomeApplied, outcomeDuplicate, outcomeDead} {
			m.consumed.WithLabelValues(m.queue, typ, o)
		}
	}
	return m
}

func (m *consumerMetrics) took(ctx context.Context, err error, d time.Duration) {
	telemetry.Observe(ctx, m.duration.WithLabelValues(m.queue, outcome(err)), d.Seconds())
}

// settled counts a committed batch. What was not fresh in it were duplicates.
func (m *consumerMetrics) settled(b batch, fresh []int) {
	now := time.Now()
	applied := make([]bool, len(b.events))
	for _, i := range fresh {
		applied[i] = true
		telemetry.Observe(b.contexts[i], m.lag, now.Sub(b.events[i].Time).Seconds())
	}
	for i, e := range b.events {
		what := outcomeDuplicate
		if applied[i] {
			what = outcomeApplied
		}
		m.consumed.WithLabelValues(m.queue, e.Type, what).Inc()
	}
}

func (m *consumerMetrics) gaveUp(e Event) {
	m.consumed.WithLabelValues(m.queue, e.Type, outcomeDead).Inc()
	m.buried.WithLabelValues(m.queue, e.Type).Inc()
	m.dead.Inc()
}
