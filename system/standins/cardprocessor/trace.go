package cardprocessor

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/rs/zerolog"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/transport"
)

// How spans are reported.
const (
	traceHeader   = "uber-trace-id"
	flushInterval = 200 * time.Millisecond
	reportTimeout = time.Second
	spanQueue     = 4096
)

// newTracer makes a tracer of the old kind: this company never moved to OpenTelemetry. Without an endpoint it passes
// trace context on and reports nothing.
func newTracer(service, endpoint string, log zerolog.Logger) (opentracing.Tracer, io.Closer) {
	if endpoint == "" {
		return jaeger.NewTracer(service, jaeger.NewConstSampler(false), jaeger.NewNullReporter())
	}
	reporter := jaeger.NewRemoteReporter(
		transport.NewHTTPTransport(endpoint, transport.HTTPTimeout(reportTimeout)),
		jaeger.ReporterOptions.BufferFlushInterval(flushInterval),
		jaeger.ReporterOptions.QueueSize(spanQueue),
		jaeger.ReporterOptions.Logger(tracerLog{log}),
	)
	return jaeger.NewTracer(service, jaeger.NewConstSampler(true), reporter, jaeger.TracerOptions.Gen128Bit(true))
}

// serverSpan begins the span of a request, in the caller's trace if there is one.
func serverSpan(t opentracing.Tracer, r *http.Request) opentracing.Span {
	options := []opentracing.StartSpanOption{ext.SpanKindRPCServer}
	if caller, err := t.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(r.Header)); err == nil {
		options = append(options, opentracing.ChildOf(caller))
	}
	span := t.StartSpan(r.Pattern, options...)
	ext.HTTPMethod.Set(span, r.Method)
	return span
}

// carry gives a span's context as it is kept with an event.
func carry(t opentracing.Tracer, span opentracing.Span) string {
	carrier := opentracing.TextMapCarrier{}
	if err := t.Inject(span.Context(), opentracing.TextMap, carrier); err != nil {
		return ""
	}
	return carrier[traceHeader]
}

// follows makes a span follow from a context that carry gave, or be the first of a trace.
func follows(t opentracing.Tracer, carried string) opentracing.StartSpanOption {
	from, err := t.Extract(opentracing.TextMap, opentracing.TextMapCarrier{traceHeader: carried})
	if err != nil {
		from = nil
	}
	return opentracing.FollowsFrom(from)
}

// traceID is the trace that a span belongs to, as logs show it.
func traceID(span opentracing.Span) string {
	c, legacy := span.Context().(jaeger.SpanContext)
	if !legacy {
		return ""
	}
	return fmt.Sprintf("%016x%016x", c.TraceID().High, c.TraceID().Low)
}

// tracerLog is for a collector that is away, which is nobody's fault here.
type tracerLog struct{ log zerolog.Logger }

func (l tracerLog) Error(msg string)               { l.log.Debug().Msg(msg) }
func (l tracerLog) Infof(format string, v ...any)  { l.log.Trace().Msgf(format, v...) }
func (l tracerLog) Debugf(format string, v ...any) { l.log.Trace().Msgf(format, v...) }
