package events

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// settle applies a batch and settles each of its events. When one fails by its own fault, those before it are applied
// without it, then its attempt is counted, then those after it are applied. An error that settle returns is an outage:
// what was not applied is given back, and no event paid for it.
func (c *Consumer) settle(ctx context.Context, batch []Delivery) error {
	for len(batch) > 0 {
		culprit, err := c.apply(ctx, batch)
		if err == nil {
			return acknowledge(batch)
		}
		if Blameless(err) {
			return errors.Join(err, release(batch))
		}
		good := culprit
		if culprit < 0 {
			good = len(batch) / 2 // which one, halving will show
		}
		if outage := c.settle(ctx, batch[:good]); outage != nil {
			return errors.Join(outage, release(batch[good:]))
		}
		batch = batch[good:]
		if culprit < 0 {
			continue
		}
		if outage := c.fail(ctx, batch[0], err); outage != nil {
			return errors.Join(outage, release(batch[1:]))
		}
		batch = batch[1:]
	}
	return nil
}

// apply applies a batch in one transaction. It gives the index of the event that made it fail, or -1 when that cannot be
// told because the commit was refused.
func (c *Consumer) apply(ctx context.Context, batch []Delivery) (culprit int, err error) {
	b := c.begin(ctx, batch)
	var fresh []int
	err = c.ledger.apply(b.contexts[0], b.events, func(ctx context.Context, tx *store.Tx, found []int) error {
		culprit, fresh = -1, found
		for _, i := range found {
			if err := c.invoke(trace.ContextWithSpan(ctx, b.spans[i]), tx, b.events[i]); err != nil {
				culprit = i
				return err
			}
		}
		return nil
	})
	b.end(err)
	if err == nil {
		c.metrics.settled(b, fresh)
	} else if len(batch) == 1 {
		culprit = 0
	}
	return culprit, err
}

// batch is what goes into one transaction. Each event has a span in the trace that led to it, from before the transaction
// until it is known what became of it. The transaction itself shows in the trace of the first event.
type batch struct {
	events   []Event
	contexts []context.Context
	spans    []trace.Span
}

func (c *Consumer) begin(ctx context.Context, deliveries []Delivery) batch {
	var b batch
	for _, d := range deliveries {
		e := d.Event()
		own, span := c.tracer.Start(c.context(ctx, e), "process "+e.Type, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attributes(e)...))
		b.events, b.contexts, b.spans = append(b.events, e), append(b.contexts, own), append(b.spans, span)
	}
	return b
}

func (b batch) end(err error) {
	for _, s := range b.spans {
		if err != nil {
			s.SetStatus(codes.Error, string(problem.CodeOf(err)))
		}
		s.End()
	}
}

// invoke runs one event's handler. A handler that panics has failed by the event's fault: a crash would only come again
// with it.
func (c *Consumer) invoke(ctx context.Context, tx *store.Tx, e Event) (err error) {
	handler, ok := c.config.Handlers[e.Type]
	if !ok {
		return problem.New(problem.Invalid, ReasonMalformed, "queue %s has no handler for event type %q", c.config.Queue, e.Type)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handler of %s panicked: %v\n%s", e.Type, p, debug.Stack())
		}
	}()
	return handler(telemetry.WithCorrelation(ctx, e.CorrelationID), tx, e)
}

// context makes ctx part of the event's request and trace.
func (c *Consumer) context(ctx context.Context, e Event) context.Context {
	return telemetry.WithCorrelation(c.tel.Resume(ctx, e.Trace), e.CorrelationID)
}

// fail spends an attempt of an event: it comes again later, or goes to the dead letters. It always settles the event. One
// whose attempts cannot be counted, because the database does not take its id, would come again for ever: it goes at once.
func (c *Consumer) fail(ctx context.Context, d Delivery, cause error) error {
	e := d.Event()
	ctx = c.context(ctx, e)
	attempts, uncounted := c.ledger.failed(ctx, e)
	if Blameless(uncounted) {
		return errors.Join(fmt.Errorf("count attempt of event %s: %w", e.ID, uncounted), d.Release(0))
	}
	log := c.tel.Log.Warn().Ctx(ctx).Err(cause).Str("queue", c.config.Queue).Str("event_id", e.ID).Str("event_type", e.Type).Int("attempts", attempts)
	if uncounted == nil && attempts < c.config.Attempts && problem.ReasonOf(cause) != ReasonMalformed {
		log.Msg("event failed")
		return d.Release(c.config.RetryDelay << (attempts - 1))
	}
	if err := d.DeadLetter(ctx, Failure{Reason: cause.Error(), Attempts: attempts, At: time.Now().UTC()}); err != nil {
		return errors.Join(fmt.Errorf("dead-letter event %s: %w", e.ID, err), d.Release(0))
	}
	log.Msg("event given up")
	c.metrics.gaveUp(e)
	if uncounted != nil {
		return nil
	}
	return c.ledger.buried(ctx, e)
}

func acknowledge(batch []Delivery) error {
	var failed error
	for _, d := range batch {
		failed = errors.Join(failed, d.Ack())
	}
	return failed
}

func release(batch []Delivery) error {
	var failed error
	for _, d := range batch {
		failed = errors.Join(failed, d.Release(0))
	}
	return failed
}
