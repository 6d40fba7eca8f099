package events_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// hop is one way of an event: a producer's database and outbox, the broker, a consumer's inbox and database.
type hop struct {
	tel              *telemetry.Telemetry
	producer, reader *store.DB
	broker           events.Broker
	outbox           *events.Outbox
	applied          atomic.Int64
	arrived          chan time.Duration
}

func newHop(tb testing.TB, broker events.Broker, producerURL, consumerURL string) *hop {
	tb.Helper()
	h := &hop{
		tel: telemetry.Discard("order"), broker: broker,
		producer: storetest.Open(tb, producerURL, events.Migrations()), reader: storetest.Open(tb, consumerURL, events.Migrations(), effects()),
		arrived: make(chan time.Duration, 1<<16),
	}
	h.outbox = events.NewOutbox(h.tel, h.producer, broker, "order")
	consumer := events.NewConsumer(telemetry.Discard("payment"), h.reader, broker, events.ConsumerConfig{
		Queue: "q.payment",
		Handlers: map[string]events.Handler{"order.created.v1": events.On(func(ctx context.Context, tx *store.Tx, e events.Event, _ *wrapperspb.StringValue) error {
			_, err := tx.Exec(ctx, `INSERT INTO effects (event_id, key) VALUES ($1, $2)`, e.ID, e.Key)
			tx.AfterCommit(func() {
				h.applied.Add(1)
				h.arrived <- time.Since(e.Time)
			})
			return err
		})},
	})
	goRun(tb, "relay", h.outbox.Run)
	goRun(tb, "consumer", consumer.Run)
	return h
}

// commit adds n events in one transaction.
func (h *hop) commit(tb testing.TB, n int) {
	tb.Helper()
	err := h.producer.InTx(tb.Context(), "place", func(ctx context.Context, tx *store.Tx) error {
		var batch []events.Event
		for i := range n {
			e, err := events.New(ctx, h.tel, "order.created.v1", fmt.Sprintf("order-%d", i), wrapperspb.String("a payload of a usual length, such as an order with two items and an address"))
			if err != nil {
				return err
			}
			batch = append(batch, e)
		}
		return h.outbox.Add(ctx, tx, batch...)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func (h *hop) wait(tb testing.TB, want int64) {
	tb.Helper()
	eventstest.WaitFor(tb, func() error {
		if got := h.applied.Load(); got < want {
			return fmt.Errorf("%d of %d events were applied", got, want)
		}
		return nil
	})
}

func TestEventsThatWereSentButNotMarkedHaveNoSecondEffect(t *testing.T) {
	t.Parallel()
	h := newHop(t, eventstest.StartServer(t).Connect(), storetest.SQLite(t), storetest.SQLite(t))
	h.commit(t, 60)
	h.wait(t, 60)
	marked(t, h.producer, 60)
	err := h.producer.InTx(t.Context(), "forget", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE outbox SET sent_us = 0, lease_us = 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	marked(t, h.producer, 60)
	h.commit(t, 1)
	h.wait(t, 61)
	if got := count(t, h.reader, `SELECT COUNT(*) FROM effects`); got != 61 {
		t.Errorf("61 events had %d effects", got)
	}
}

// brokers are those that a hop is measured on.
func brokers(b *testing.B, run func(b *testing.B, broker events.Broker)) {
	b.Run("jetstream", func(b *testing.B) { run(b, eventstest.StartServer(b).Connect()) })
	b.Run("rabbitmq", func(b *testing.B) { run(b, eventstest.Rabbit(b).Connect()) })
}

// BenchmarkHop is a whole hop with a backlog, everything durable: transactions of 100 events each.
func BenchmarkHop(b *testing.B) {
	brokers(b, func(b *testing.B, broker events.Broker) {
		h := newHop(b, broker, storetest.SQLite(b), storetest.SQLite(b))
		go func() {
			for range h.arrived {
			}
		}()
		h.commit(b, 1)
		h.wait(b, 1)
		b.ResetTimer()
		for n := 0; n < b.N; n += 100 {
			h.commit(b, min(100, b.N-n))
		}
		h.wait(b, int64(b.N)+1)
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}

// BenchmarkHopIdle is the time from an event's making to its commit at the consumer, with nothing else to do.
func BenchmarkHopIdle(b *testing.B) {
	brokers(b, func(b *testing.B, broker events.Broker) {
		h := newHop(b, broker, storetest.SQLite(b), storetest.SQLite(b))
		h.commit(b, 1)
		<-h.arrived
		var took []time.Duration
		b.ResetTimer()
		for range b.N {
			h.commit(b, 1)
			took = append(took, <-h.arrived)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	})
}
