package events

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// ConsumerConfig says what a consumer takes and how it gives up. Zero fields take the defaults named beside them.
type ConsumerConfig struct {
	// Queue is such as "q.payment".
	Queue string
	// Handlers has one handler for each event type that the queue takes.
	Handlers map[string]Handler
	// Batch is the most events that one transaction applies: 100.
	Batch int
	// Attempts is how many an event may spend by its own fault before it goes to the dead letters: 5.
	Attempts int
	// RetryDelay is the pause before the second attempt; it doubles with each one: 100ms.
	RetryDelay time.Duration
}

// Consumer applies the events of one queue. Any number of instances may share a queue.
type Consumer struct {
	tel     *telemetry.Telemetry
	broker  Broker
	config  ConsumerConfig
	ledger  ledger
	gate    *Gate
	metrics *consumerMetrics
	tracer  trace.Tracer
	// oldest is when the oldest event in hand happened, in microseconds; 0: nothing waits that we know of.
	oldest atomic.Int64
	// pace is what each event of the last batch took.
	pace time.Duration
}

// batchTime is how long a batch should take: a quarter of what a transaction may, so that a database that becomes slow
// gets smaller batches, not batches that are cut off and begun again.
const batchTime = 500 * time.Millisecond

// NewConsumer makes a consumer whose handlers write to db. An event's effect and its inbox row are one transaction, named
// "consume <queue>".
func NewConsumer(tel *telemetry.Telemetry, db *store.DB, broker Broker, config ConsumerConfig) *Consumer {
	return newConsumer(tel, broker, config, &inbox{db: db, queue: config.Queue})
}

// NewConsumerWithoutInbox makes a consumer for a service without a database. Its handlers get no transaction and must be
// idempotent by themselves, because duplicates reach them.
func NewConsumerWithoutInbox(tel *telemetry.Telemetry, broker Broker, config ConsumerConfig) *Consumer {
	return newConsumer(tel, broker, config, &memory{attempts: map[string]int{}})
}

func newConsumer(tel *telemetry.Telemetry, broker Broker, config ConsumerConfig, l ledger) *Consumer {
	config.Batch = cmp.Or(config.Batch, 100)
	config.Attempts = cmp.Or(config.Attempts, 5)
	config.RetryDelay = cmp.Or(config.RetryDelay, 100*time.Millisecond)
	return &Consumer{
		tel: tel, broker: broker, config: config, ledger: l,
		gate: NewGate(tel, config.Queue), metrics: newConsumerMetrics(tel, config), tracer: tel.Tracer("events"),
	}
}

// Run consumes until ctx ends; a batch that was begun is finished.
func (c *Consumer) Run(ctx context.Context) error {
	sub, err := c.broker.Subscribe(ctx, Queue{Name: c.config.Queue, Types: slices.Sorted(maps.Keys(c.config.Handlers))})
	if err != nil {
		return fmt.Errorf("consume %s: %w", c.config.Queue, err)
	}
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		c.watch(ctx, sub)
	}()
	finish := context.WithoutCancel(ctx) // bounded by the policies of the database's and the broker's links
	for c.gate.Wait(ctx) == nil {
		c.turn(ctx, finish, sub)
	}
	<-watching
	return sub.Close(finish)
}

// turn fetches and settles one batch, or one probe. After one that was not full it rests, so that more may gather.
func (c *Consumer) turn(ctx, finish context.Context, sub Subscription) {
	limit := c.limit()
	batch, err := sub.Fetch(ctx, limit)
	if err != nil {
		if ctx.Err() == nil {
			c.gate.Outage(err)
		}
		return
	}
	start := time.Now()
	if len(batch) > 0 {
		c.oldest.Store(oldest(batch))
		err = c.settle(finish, batch)
		took := time.Since(start)
		c.pace = took / time.Duration(len(batch))
		c.metrics.took(finish, err, took)
	}
	if err != nil {
		c.gate.Outage(err)
		return
	}
	c.gate.Passed()
	if len(batch) < limit {
		c.oldest.Store(0)
		rest(ctx, start)
	}
}

// limit is how many events to take: what the gate lets through, and no more than can be done in time at the last batch's
// pace.
func (c *Consumer) limit() int {
	limit := c.gate.Limit(c.config.Batch)
	if c.pace > 0 {
		limit = min(limit, max(1, int(batchTime/c.pace)))
	}
	return limit
}

// watch asks the broker now and then how much waits. While the broker is away the depth stays as it was.
func (c *Consumer) watch(ctx context.Context, sub Subscription) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	for {
		select {
		case <-tick.C:
			if backlog, err := sub.Backlog(ctx); err == nil {
				c.metrics.waiting.Set(float64(backlog.Waiting))
				c.metrics.dead.Set(float64(backlog.Dead))
			}
			c.metrics.age.Set(c.age(time.Now()))
		case <-prune.C:
			if err := c.ledger.prune(ctx, time.Now()); err != nil && ctx.Err() == nil {
				c.tel.Log.Warn().Err(err).Str("queue", c.config.Queue).Msg("old inbox rows are not pruned yet")
			}
		case <-ctx.Done():
			return
		}
	}
}

// age is how long the oldest event in hand, or given back, has waited, in seconds.
func (c *Consumer) age(now time.Time) float64 {
	us := c.oldest.Load()
	if us == 0 {
		return 0
	}
	return now.Sub(time.UnixMicro(us)).Seconds()
}

func oldest(batch []Delivery) int64 {
	us := batch[0].Event().Time.UnixMicro()
	for _, d := range batch[1:] {
		us = min(us, d.Event().Time.UnixMicro())
	}
	return us
}
