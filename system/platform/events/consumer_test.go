package events_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

func TestEveryEventHasItsEffectOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(250)
		d.publish(t, batch...)
		d.open(t, nil)
		d.wantEffects(t, batch...)
		if !slices.Equal(d.calls, idsOf(batch)) {
			t.Error("the events were not applied in the order in which they were published")
		}
		if got := testutil.ToFloat64(d.tel.Counter(telemetry.EventsConsumed).WithLabelValues(payment, created, "applied")); got != 250 {
			t.Errorf("the metrics count %v applied events, want 250", got)
		}
	})
}

func idsOf(batch []events.Event) (ids []string) {
	for _, e := range batch {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestDuplicateIsAcknowledgedWithoutEffect(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(3)
		d.publish(t, batch...)
		deliverTwice(t, d.broker, batch[0])
		d.open(t, nil)
		d.wantEffects(t, batch...)
		eventstest.WaitFor(t, func() error {
			if got := testutil.ToFloat64(d.tel.Counter(telemetry.EventsConsumed).WithLabelValues(payment, created, "duplicate")); got != 1 {
				return fmt.Errorf("the metrics count %v duplicates, want 1", got)
			}
			return nil
		})
	})
}

// deliverTwice makes two of the queue's first event: it is buried and redriven twice over.
func deliverTwice(t *testing.T, b events.Broker, first events.Event) {
	t.Helper()
	s, err := b.Subscribe(t.Context(), events.Queue{Name: payment, Types: []string{created}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Fetch(t.Context(), 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d events and %v, want 1", len(got), err)
	}
	for range 2 {
		if err := got[0].DeadLetter(t.Context(), events.Failure{Reason: "for the test"}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Redrive(t.Context(), payment, first.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestHandlerBelongsToTheRequestAndTheTraceOfItsEvent(t *testing.T) {
	t.Parallel()
	broker := eventstest.StartServer(t).Connect()
	d := newDesk(t, storetest.Open(t, storetest.SQLite(t), events.Migrations(), effects()), broker)
	type place struct{ correlation, trace string }
	got := make(chan place, 1)
	config := d.config()
	config.Handlers[created] = func(ctx context.Context, _ *store.Tx, _ events.Event) error {
		got <- place{telemetry.Correlation(ctx), trace.SpanContextFromContext(ctx).TraceID().String()}
		return nil
	}
	goRun(t, "consumer", events.NewConsumer(d.tel, d.db, broker, config).Run)
	d.publish(t, eventstest.Event(created, "7", []byte("x")))
	want := place{"request-7", "0af7651916cd43dd8448eb211c80319c"}
	if p := <-got; p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
}
