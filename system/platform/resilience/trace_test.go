package resilience

import (
	"slices"
	"testing"
	"testing/synctest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestSpanTellsOfRetriesAndRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := tracetest.NewSpanRecorder()
		provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
		ctx, span := provider.Tracer("test").Start(t.Context(), "checkout")
		p := testPolicy()
		p.RetryBurst = 1
		s := &script{errs: []error{away()}}
		Do(ctx, newLab(t, p).Link, Op{Name: "Get", Retry: true}, s.call)
		span.End()
		var got []string
		for _, event := range recorder.Ended()[0].Events() {
			got = append(got, event.Name)
		}
		if want := []string{"link retried", "link refused"}; !slices.Equal(got, want) {
			t.Errorf("got events %v, want %v", got, want)
		}
	})
}
