package store_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

func TestATransactionIsASpanOfTheTraceThatItBelongsTo(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	tel := telemetry.Discard("bank")
	tel.Provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	db, err := store.Open(t.Context(), tel, newLink(t, patient), storetest.SQLite(t), accounts)
	must(t, err)
	defer func() { must(t, db.Close(t.Context())) }()

	_ = db.InTx(t.Context(), "poll", func(context.Context, *store.Tx) error { return nil })
	if got := len(spans.Ended()); got != 0 {
		t.Errorf("outside a trace there are %d spans, want none", got)
	}
	ctx, parent := tel.Tracer("test").Start(t.Context(), "request")
	_ = db.InTx(ctx, "pay in", func(context.Context, *store.Tx) error { return problem.New(problem.Conflict, "", "moved") })
	_ = db.InTx(ctx, "pay out", func(context.Context, *store.Tx) error { return problem.New(problem.Timeout, "", "late") })
	got := spans.Ended()
	if len(got) != 2 {
		t.Fatalf("there are %d spans, want 2", len(got))
	}
	for i, want := range []struct {
		name   string
		status codes.Code
	}{{"pay in", codes.Unset}, {"pay out", codes.Error}} {
		if got[i].Name() != want.name || got[i].Status().Code != want.status || got[i].Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("span %d is %q with status %v, want %q with %v below the request", i, got[i].Name(), got[i].Status().Code, want.name, want.status)
		}
	}
	set := attribute.NewSet(got[0].Attributes()...)
	for key, want := range map[attribute.Key]string{"db.system.name": "sqlite", "db.operation.name": "pay in", "peer.service": "bank-db"} {
		if v, _ := set.Value(key); v.AsString() != want {
			t.Errorf("%s is %q, want %q", key, v.AsString(), want)
		}
	}
}
