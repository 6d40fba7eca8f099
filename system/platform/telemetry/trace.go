package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// batchDelay is how long spans wait to be sent together.
const batchDelay = 200 * time.Millisecond

func newExporter(ctx context.Context, endpoint string) (sdktrace.SpanExporter, error) {
	if endpoint == "" {
		return nil, nil
	}
	return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithInsecure())
}

func providerOptions(o Options, exporter sdktrace.SpanExporter) []sdktrace.TracerProviderOption {
	opts := []sdktrace.TracerProviderOption{sdktrace.WithResource(resource.NewSchemaless(
		attribute.String("service.name", o.Service), attribute.String("service.instance.id", o.Instance), attribute.String("service.version", o.Version),
	))}
	if exporter == nil {
		return append(opts, sdktrace.WithSampler(sdktrace.NeverSample()))
	}
	return append(opts, sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(batchDelay), sdktrace.WithMaxQueueSize(16384), sdktrace.WithMaxExportBatchSize(2048)))
}

// newPropagator reads old clients' uber-trace-id headers too. The last extractor wins, so W3C stands last.
func newPropagator() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(extractOnly{jaeger.Jaeger{}}, propagation.TraceContext{})
}

// extractOnly understands a format without speaking it.
type extractOnly struct{ propagation.TextMapPropagator }

func (extractOnly) Inject(context.Context, propagation.TextMapCarrier) {}
func (extractOnly) Fields() []string                                   { return nil }

// Carry gives the trace context of ctx as it is stored with an event.
func (t *Telemetry) Carry(ctx context.Context) map[string]string {
	carrier := propagation.MapCarrier{}
	t.Propagator.Inject(ctx, carrier)
	return carrier
}

// Resume puts a stored trace context into ctx, so that spans made under it join that trace.
func (t *Telemetry) Resume(ctx context.Context, stored map[string]string) context.Context {
	return t.Propagator.Extract(ctx, propagation.MapCarrier(stored))
}

// InjectLegacy writes the trace context in the header that Jaeger's old clients understand, for the neighbour that has
// no other.
func InjectLegacy(ctx context.Context, carrier propagation.TextMapCarrier) {
	jaeger.Jaeger{}.Inject(ctx, carrier)
}
