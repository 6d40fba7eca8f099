// Package resilience keeps one neighbour's trouble from becoming ours. Each link, client -> server, has one policy, and
// every outgoing call passes through it:
//
//	fallback ─▶ deadline ─▶ retry ─▶ breaker ─▶ bulkhead ─▶ attempt time-out ─▶ call
//	   DoOr     whole       budget,   resting    places       one call
//	            operation   backoff   or probing at once
//
// What a call came to is read from its problem.Code alone. Outages (unavailable, timeout, unknown outcome) count against
// the neighbour; every other answer, a refusal to do what we asked included, shows that it is there. A caller who left
// counts for neither, and so does what we refused ourselves.
//
// The breaker's window and states and the bulkhead's places are failsafe-go's. The order of things is a plain loop of our
// own, because the library's retry and time-out executors replace what an attempt really came to by the context's error
// once that has ended: a commit that happened, or one whose answer was lost, must not turn into an ordinary time-out.
package resilience

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// Link is one arrow to a neighbour with its policy and what it remembers: breaker, budget, places. Make one for each
// neighbour and share it; it is safe for concurrent use.
type Link struct {
	client, server string
	policy         Policy
	breaker        *breaker
	bulkhead       bulkhead.Bulkhead[any] // nil: no limit
	budget         *budget
	metrics        *metrics
	random         func() float64 // in [0, 1)
}

// New makes a link, or says which field of the policy is wrong.
func New(tel *telemetry.Telemetry, client, server string, p Policy) (*Link, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("policy of link %s -> %s: %w", client, server, err)
	}
	m := newMetrics(tel, client, server, p)
	l := &Link{client: client, server: server, policy: p, metrics: m, budget: newBudget(p, m.budget), random: rand.Float64}
	if p.Bulkhead > 0 {
		l.bulkhead = bulkhead.NewBuilder[any](uint(p.Bulkhead)).Build()
	}
	l.breaker = newBreaker(p.Breaker, func(sequence uint64, from, to circuitbreaker.State) {
		m.breakerChanged(to)
		tel.Log.Info().Str("client", client).Str("server", server).Stringer("from", from).Stringer("to", to).
			Uint64("sequence", sequence).Msg("breaker changed")
	})
	return l, nil
}

// Name gives the link as people write it: "order -> product".
func (l *Link) Name() string { return l.client + " -> " + l.server }

// Server is who is called.
func (l *Link) Server() string { return l.server }

// Open says whether the breaker refuses everything now. Once the neighbour's rest is over it is no longer open in this
// sense, although it stays so in the metrics until somebody probes.
func (l *Link) Open() bool { return l.breaker.rest() > 0 }

// refuse makes the error of an attempt that we do not send, and counts it.
func (l *Link) refuse(ctx context.Context, reason, message string) *problem.Error {
	l.metrics.refusals.WithLabelValues(reason).Inc()
	trace.SpanFromContext(ctx).AddEvent("link refused", trace.WithAttributes(
		attribute.String("link", l.Name()), attribute.String("reason", reason)))
	return problem.Wrap(fmt.Errorf("%s: %w", l.Name(), errRefused), problem.Unavailable, reason, "%s", message)
}
