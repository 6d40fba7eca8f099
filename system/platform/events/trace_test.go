package events_test

import (
	"context"
	"fmt"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

func TestWholeHopIsOneTrace(t *testing.T) {
	t.Parallel()
	recorder := tracetest.NewSpanRecorder()
	tel := telemetry.Discard("order")
	tel.Provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	broker := eventstest.StartServer(t).Connect()
	db, err := store.Open(t.Context(), tel, nil, storetest.SQLite(t), events.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) }) // nothing is left to be lost
	o := events.NewOutbox(tel, db, broker, "order")
	goRun(t, "relay", o.Run)
	consumer := events.NewConsumer(tel, db, broker, events.ConsumerConfig{Queue: payment, Handlers: map[string]events.Handler{
		created: func(ctx context.Context, _ *store.Tx, _ events.Event) error {
			_, span := tel.Tracer("test").Start(ctx, "handle")
			span.End()
			return nil
		},
	}})
	goRun(t, "consumer", consumer.Run)

	ctx, root := tel.Tracer("test").Start(t.Context(), "request")
	e := eventstest.Event(created, "7", []byte("x"))
	e.Trace = tel.Carry(ctx)
	if err := db.InTx(ctx, "place", func(ctx context.Context, tx *store.Tx) error { return o.Add(ctx, tx, e) }); err != nil {
		t.Fatal(err)
	}
	root.End()

	id := root.SpanContext().TraceID()
	want := map[string]string{ // span: parent
		"send " + created: "request", "process " + created: "request", "handle": "process " + created, "consume " + payment: "process " + created,
	}
	eventstest.WaitFor(t, func() error {
		got := parents(recorder.Ended(), id)
		for span, parent := range want {
			if got[span] != parent {
				return fmt.Errorf("span %q has parent %q, want %q; all: %v", span, got[span], parent, got)
			}
		}
		return nil
	})
}

// parents gives the name of each span's parent in one trace.
func parents(spans []sdktrace.ReadOnlySpan, id trace.TraceID) map[string]string {
	names := map[trace.SpanID]string{}
	for _, s := range spans {
		names[s.SpanContext().SpanID()] = s.Name()
	}
	out := map[string]string{}
	for _, s := range spans {
		if s.SpanContext().TraceID() == id {
			out[s.Name()] = names[s.Parent().SpanID()]
		}
	}
	return out
}
