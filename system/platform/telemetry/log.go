package telemetry

import (
	"context"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"
)

// Names of the fields that every log line may carry.
const (
	fieldCorrelation = "correlation_id"
	fieldTrace       = "trace_id"
	fieldSpan        = "span_id"
)

func newLogger(o Options) zerolog.Logger {
	return zerolog.New(o.Output).Level(o.Level).Hook(zerolog.HookFunc(stamp)).With().
		Str("service", o.Service).Str("instance", o.Instance).Logger()
}

// stamp adds the time and what the event's context knows: which request, which trace, which span.
func stamp(e *zerolog.Event, _ zerolog.Level, _ string) {
	e.Str(zerolog.TimestampFieldName, time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"))
	ctx := e.GetCtx()
	if id := Correlation(ctx); id != "" {
		e.Str(fieldCorrelation, id)
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		e.Str(fieldTrace, span.TraceID().String()).Str(fieldSpan, span.SpanID().String())
	}
}

type correlationKey struct{}

// WithCorrelation marks everything done under the context as part of one client request.
func WithCorrelation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, correlationKey{}, id)
}

// Correlation gives the id of the client request that the context belongs to, or "".
func Correlation(ctx context.Context) string {
	id, _ := ctx.Value(correlationKey{}).(string)
	return id
}
