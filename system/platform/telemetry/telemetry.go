// Package telemetry gives a program its three voices: structured logs (zerolog), traces (OpenTelemetry) and metrics
// (Prometheus), and keeps the catalogue of every metric's name.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Telemetry is what every part of a program is handed to speak with.
type Telemetry struct {
	// Service is the logical name, such as "order"; Instance tells several of one service apart, such as "order-2".
	Service, Instance string
	// Log writes one JSON object a line. Give each event its context (`.Ctx(ctx)`): a hook adds correlation_id,
	// trace_id and span_id from it.
	Log zerolog.Logger
	// Registry holds this program's metrics; add to it through CounterVec, GaugeVec and HistogramVec only.
	Registry *prometheus.Registry
	// Provider makes tracers; see Tracer.
	Provider trace.TracerProvider
	// Propagator carries trace context across processes: W3C, and read-only Jaeger headers of old clients.
	Propagator propagation.TextMapPropagator
}

// Options says who speaks, and where to.
type Options struct {
	Service, Instance string
	// OTLP is host:port of a collector that takes OTLP by gRPC without TLS; empty: spans are made but go nowhere.
	OTLP string
	// Level is the lowest level that is logged.
	Level zerolog.Level
	// Output takes the log lines.
	Output io.Writer
	// Version of the build, for shop_build_info.
	Version string
}

// flushLimit is how long the collector may take for the last spans. A collector that is away must not hold up a program
// that ends, nor make it fail.
const flushLimit = time.Second

// Start makes a program's telemetry. The returned function sends what is still buffered and ends it.
func Start(ctx context.Context, o Options) (*Telemetry, func(context.Context) error, error) {
	registry, err := newRegistry()
	if err != nil {
		return nil, nil, err
	}
	exporter, err := newExporter(ctx, o.OTLP)
	if err != nil {
		return nil, nil, fmt.Errorf("start trace exporter for %q: %w", o.OTLP, err)
	}
	provider := sdktrace.NewTracerProvider(providerOptions(o, exporter)...)
	t := &Telemetry{
		Service: o.Service, Instance: o.Instance,
		Log:        newLogger(o),
		Registry:   registry,
		Provider:   provider,
		Propagator: newPropagator(),
	}
	t.Gauge(BuildInfo).WithLabelValues(o.Version, runtime.Version()).Set(1)
	return t, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, flushLimit)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			t.Log.Warn().Err(err).Msg("the last spans are lost")
		}
		return nil
	}, nil
}

// Discard makes telemetry that goes nowhere but still counts: for tests.
func Discard(service string) *Telemetry {
	return &Telemetry{
		Service: service, Instance: service + "-1",
		Log: zerolog.Nop(), Registry: prometheus.NewRegistry(), Provider: noop.NewTracerProvider(), Propagator: newPropagator(),
	}
}

// Tracer makes spans for one package, which the name tells.
func (t *Telemetry) Tracer(name string) trace.Tracer { return t.Provider.Tracer(name) }

func newRegistry() (*prometheus.Registry, error) {
	process, err := newProcess()
	if err != nil {
		return nil, err
	}
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), process)
	return r, nil
}
