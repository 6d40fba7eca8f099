package events

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

const (
	// claimLimit is the most events that the relay sends at once.
	claimLimit = 500
	// lease is how long an event belongs to the instance that committed or claimed it. Another one sends it if this one
	// has not by then.
	lease = 10 * time.Second
	// markDelay gathers confirmed events, to be marked as sent by one transaction. If the process dies before, they are
	// sent once more under the same ids.
	markDelay = 100 * time.Millisecond
	// watchEvery is how often the table is looked at for events that others left behind, and for the metrics.
	watchEvery = 500 * time.Millisecond
	// overdue is the age at which an event of our own must have been handed over.
	overdue = time.Second
	// finishTimeout bounds what the relay still does when it is stopped.
	finishTimeout = 2 * time.Second
)

// Outbox sends events that were committed together with the state they speak of.
type Outbox struct {
	tel     *telemetry.Telemetry
	db      *store.DB
	broker  Broker
	backlog string
	gate    *Gate
	handed  *handoff
	tracer  trace.Tracer
	took    *prometheus.HistogramVec
	depth   prometheus.Gauge
	age     prometheus.Gauge

	// left wakes the relay for events that wait in the table without a live owner.
	left chan struct{}
	// The rest belongs to the relay's goroutine: confirmed events to be marked as sent, and events to be tried again
	// later because the broker refused them.
	confirmed []string
	refused   []string
}

// NewOutbox makes the outbox of a service; its backlog is "<service>.outbox". Events travel once Run runs.
func NewOutbox(tel *telemetry.Telemetry, db *store.DB, broker Broker, service string) *Outbox {
	backlog := service + ".outbox"
	o := &Outbox{
		tel: tel, db: db, broker: broker, backlog: backlog,
		gate: NewGate(tel, backlog), handed: newHandoff(), tracer: tel.Tracer("events"),
		took:  tel.Histogram(telemetry.ProcessDuration),
		depth: tel.Gauge(telemetry.BacklogDepth).WithLabelValues(backlog),
		age:   tel.Gauge(telemetry.BacklogAge).WithLabelValues(backlog),
		left:  make(chan struct{}, 1),
	}
	o.depth.Set(0)
	o.age.Set(0)
	return o
}

// Add puts events into the transaction. They are sent if and only if it commits, and then at once.
func (o *Outbox) Add(ctx context.Context, tx *store.Tx, batch ...Event) error {
	if len(batch) == 0 {
		return nil
	}
	for _, e := range batch {
		if err := e.check(); err != nil {
			return err
		}
	}
	if err := insertOutbox(ctx, tx, o.tel.Instance, time.Now().Add(lease), batch); err != nil {
		return fmt.Errorf("add %d events to outbox: %w", len(batch), err)
	}
	tx.AfterCommit(func() { o.handed.put(batch) })
	return nil
}

// Run is the relay. It sends events as they are committed and works off what is left in the table: from before the
// start, from an outage of the broker, or from an instance that died. When ctx ends it finishes what it has begun.
func (o *Outbox) Run(ctx context.Context) error {
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		o.watch(ctx)
	}()
	defer func() { <-watching }()
	started := context.WithoutCancel(ctx) // bounded by the policies of the broker's and the database's links
	defer o.finish(started)
	mark, marking := time.NewTimer(0), true
	defer mark.Stop()
	o.drain(ctx, started)
	for {
		select {
		case <-o.handed.wake:
			o.sendHanded(ctx, started)
		case <-o.left:
			o.drain(ctx, started)
		case <-mark.C:
			marking = false
			o.mark(started)
			continue
		case <-ctx.Done():
			return nil
		}
		if len(o.confirmed) > 0 && !marking { // what is sent later must not put it off
			marking = true
			mark.Reset(markDelay)
		}
	}
}

// sendHanded sends what was committed a moment ago, and then rests, so that more may gather.
func (o *Outbox) sendHanded(ctx, started context.Context) {
	for ctx.Err() == nil {
		start := time.Now()
		batch, missed := o.handed.take(claimLimit)
		if len(batch) > 0 && o.send(started, batch) != nil || missed {
			o.drain(ctx, started)
			return
		}
		if len(batch) < claimLimit {
			if len(batch) > 0 {
				rest(ctx, start)
			}
			return
		}
	}
}

// drain works off the table until nothing in it is ours to send.
func (o *Outbox) drain(ctx, started context.Context) {
	o.handed.shut()
	for o.gate.Wait(ctx) == nil {
		batch, err := o.claim(started, o.gate.Limit(claimLimit))
		if err != nil {
			o.gate.Outage(err)
			continue
		}
		if len(batch) == 0 {
			o.gate.Passed()
			if o.handed.reopen() {
				return
			}
			continue
		}
		if o.send(started, batch) == nil {
			o.gate.Passed()
		}
	}
}

// send publishes a batch. An outage closes the gate and is returned. An event that the broker refuses for its own sake
// must not hold up the others: it is set aside for a while, and the rest goes one by one.
func (o *Outbox) send(ctx context.Context, batch []Event) error {
	start := time.Now()
	err := o.broker.Publish(ctx, batch)
	telemetry.Observe(ctx, o.took.WithLabelValues(o.backlog, outcome(err)), time.Since(start).Seconds())
	switch {
	case err == nil:
		o.sent(ctx, batch)
		return nil
	case Blameless(err):
		o.gate.Outage(err)
		return err
	case len(batch) == 1:
		o.tel.Log.Error().Ctx(ctx).Err(err).Str("event_id", batch[0].ID).Str("event_type", batch[0].Type).Msg("broker refuses event")
		o.refused = append(o.refused, batch[0].ID)
		return nil
	}
	for i := range batch {
		if err := o.send(ctx, batch[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// sent notes the confirmed events. Their spans reach from the event's commit to the broker's confirm, so that a trace
// shows who kept it waiting.
func (o *Outbox) sent(ctx context.Context, batch []Event) {
	for _, e := range batch {
		o.confirmed = append(o.confirmed, e.ID)
		parent := o.tel.Resume(ctx, e.Trace)
		if !trace.SpanContextFromContext(parent).IsSampled() {
			continue
		}
		_, span := o.tracer.Start(parent, "send "+e.Type, trace.WithSpanKind(trace.SpanKindProducer), trace.WithTimestamp(e.Time),
			trace.WithAttributes(attribute.String("peer.service", "broker")), trace.WithAttributes(attributes(e)...))
		span.End()
	}
}

// finish uses the last moments to send what was just committed and to mark what was sent. What it does not manage, the
// next start finds in the table.
func (o *Outbox) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	batch, missed := o.handed.take(claimLimit)
	if missed && o.gate.Open() {
		batch, _ = o.claim(ctx, claimLimit) // an error leaves everything for the next start
	}
	if len(batch) > 0 {
		_ = o.send(ctx, batch) // logged by the gate
	}
	o.mark(ctx)
}

// mark writes down what is confirmed and set aside. After an error it stays noted and is written with the next claim.
func (o *Outbox) mark(ctx context.Context) {
	if len(o.confirmed)+len(o.refused) == 0 {
		return
	}
	if _, err := o.claim(ctx, 0); err != nil {
		o.tel.Log.Warn().Err(err).Str("backlog", o.backlog).Msg("sent events are not marked yet")
	}
}

// Blameless says that an error speaks of a dependency, or of the caller who left, and not of what was asked for.
func Blameless(err error) bool {
	code := problem.CodeOf(err)
	return code.Outage() || code == problem.Canceled || code == problem.TooMany
}
