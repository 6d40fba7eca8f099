package resilience

import (
	"context"
	"math"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// outcomes are the codes that an attempt may come to.
func outcomes() []problem.Code {
	return []problem.Code{
		problem.OK, problem.Invalid, problem.Unauthenticated, problem.Denied, problem.NotFound, problem.Conflict, problem.TooMany,
		problem.Unavailable, problem.Timeout, problem.Unknown, problem.Canceled, problem.Internal,
	}
}

// metrics are one link's series. All that do not carry an operation's name exist at 0 from the start, because a rate
// cannot see the step from nothing to one.
type metrics struct {
	durations prometheus.ObserverVec
	fallbacks *prometheus.CounterVec
	attempts  *prometheus.CounterVec
	refusals  *prometheus.CounterVec
	changes   *prometheus.CounterVec
	retries   prometheus.Counter
	inFlight  prometheus.Gauge
	budget    prometheus.Gauge
	state     prometheus.Gauge
}

func newMetrics(tel *telemetry.Telemetry, client, server string, p Policy) *metrics {
	link := prometheus.Labels{"client": client, "server": server}
	m := &metrics{
		durations: tel.Histogram(telemetry.LinkDuration).MustCurryWith(link),
		fallbacks: tel.Counter(telemetry.LinkFallbacks).MustCurryWith(link),
		attempts:  tel.Counter(telemetry.LinkAttempts).MustCurryWith(link),
		refusals:  tel.Counter(telemetry.LinkRefusals).MustCurryWith(link),
		retries:   tel.Counter(telemetry.LinkRetries).With(link),
		inFlight:  tel.Gauge(telemetry.LinkInFlight).With(link),
		budget:    tel.Gauge(telemetry.LinkRetryBudget).With(link),
	}
	for _, code := range outcomes() {
		m.attempts.WithLabelValues(string(code))
	}
	for _, reason := range []string{ReasonBreakerOpen, ReasonBulkheadFull, ReasonBudgetSpent} {
		m.refusals.WithLabelValues(reason)
	}
	tel.Gauge(telemetry.LinkBulkhead).With(link).Set(places(p.Bulkhead))
	if p.Breaker != (Breaker{}) {
		m.watchBreaker(tel, link)
	}
	return m
}

func (m *metrics) watchBreaker(tel *telemetry.Telemetry, link prometheus.Labels) {
	m.state = tel.Gauge(telemetry.BreakerState).With(link)
	m.changes = tel.Counter(telemetry.BreakerChanges).MustCurryWith(link)
	for _, state := range []circuitbreaker.State{circuitbreaker.ClosedState, circuitbreaker.HalfOpenState, circuitbreaker.OpenState} {
		m.changes.WithLabelValues(state.String())
	}
}

func (m *metrics) breakerChanged(to circuitbreaker.State) {
	m.changes.WithLabelValues(to.String()).Inc()
	m.state.Set(map[circuitbreaker.State]float64{circuitbreaker.HalfOpenState: 1, circuitbreaker.OpenState: 2}[to])
}

func (m *metrics) operationDone(ctx context.Context, op Op, err error, took time.Duration) {
	telemetry.Observe(ctx, m.durations.WithLabelValues(op.Name, string(problem.CodeOf(err))), took.Seconds())
}

func (m *metrics) attemptDone(err error) {
	m.attempts.WithLabelValues(string(problem.CodeOf(err))).Inc()
}

// places gives a bulkhead's limit; without one it is infinite, so that in-flight through limit is a saturation of 0.
func places(limit int) float64 {
	if limit == 0 {
		return math.Inf(1)
	}
	return float64(limit)
}
