package gateway

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/cardnumber"
	"stormglass/system/platform/telemetry"
)

// Headers by which a client finds its request again in logs and traces.
const (
	headerCorrelation = "X-Correlation-Id"
	headerTrace       = "X-Trace-Id"
)

// unmatched is the route, for spans and metrics, of requests for what there is not.
const unmatched = "unmatched"

// observer tells of each request.
type observer struct {
	tel      *telemetry.Telemetry
	tracer   trace.Tracer
	active   prometheus.Gauge
	duration *prometheus.HistogramVec
}

func newObserver(tel *telemetry.Telemetry) *observer {
	o := &observer{tel, tel.Tracer("gateway"), tel.Gauge(telemetry.HTTPServerActive).WithLabelValues(), tel.Histogram(telemetry.HTTPServerDuration)}
	// What a checkout's objective counts is there from the start: a rate would not see the first failure otherwise.
	for _, status := range []int{http.StatusAccepted, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		o.duration.WithLabelValues(http.MethodPost, routeCheckout, strconv.Itoa(status))
	}
	return o
}

// visit is one request while it is served.
type visit struct {
	*observer
	ctx           context.Context
	span          trace.Span
	start         time.Time
	method, route string
}

// begin opens what a request is known by: its correlation id, and its span, under the client's own if it sent one.
func (o *observer) begin(r *http.Request, rt route) (*visit, http.Header) {
	v := &visit{observer: o, start: time.Now(), method: methodOf(r), route: rt.pattern}
	if v.route == "" {
		v.route = unmatched
	}
	id := correlationOf(r)
	ctx := trace.ContextWithRemoteSpanContext(telemetry.WithCorrelation(r.Context(), id), o.parentOf(r))
	v.ctx, v.span = o.tracer.Start(ctx, v.method+" "+v.route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", v.method), attribute.String("http.route", v.route), attribute.String("correlation_id", id)))
	o.active.Inc()
	known := http.Header{headerCorrelation: {id}}
	if of := v.span.SpanContext(); of.IsSampled() { // no other can be looked up
		known.Set(headerTrace, of.TraceID().String())
	}
	return v, known
}

// parentOf gives the client's span, under which the request's trace goes on, or none. Only its ids are taken over: the
// client's tracestate is free text, which would travel as far as the trace does, and its sampled flag would let a client
// keep a whole checkout out of the traces. Whether requests are traced is decided here: all of them are.
func (o *observer) parentOf(r *http.Request) trace.SpanContext {
	of := trace.SpanContextFromContext(o.tel.Propagator.Extract(context.Background(), propagation.HeaderCarrier(r.Header)))
	if !of.IsValid() || cardnumber.InID(of.TraceID().String()) || cardnumber.InID(of.SpanID().String()) {
		return trace.SpanContext{}
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: of.TraceID(), SpanID: of.SpanID(), TraceFlags: trace.FlagsSampled, Remote: true})
}

// end counts and logs what the request came to.
func (v *visit) end(status int) {
	v.active.Dec()
	v.span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		v.span.SetStatus(codes.Error, http.StatusText(status))
	}
	v.span.End()
	took := time.Since(v.start)
	telemetry.Observe(v.ctx, v.duration.WithLabelValues(v.method, v.route, strconv.Itoa(status)), took.Seconds())
	v.tel.Log.WithLevel(level(v.method, status)).Ctx(v.ctx).Str("method", v.method).Str("route", v.route).
		Int("status", status).Dur("took_ms", took).Msg("request served")
}

// level keeps reads that succeed out of the usual log: they are many, and change nothing.
func level(method string, status int) zerolog.Level {
	if read := method == http.MethodGet || method == http.MethodHead; read && status < http.StatusInternalServerError {
		return zerolog.DebugLevel
	}
	return zerolog.InfoLevel
}

// correlation is what a client's correlation id may look like. It reaches logs, so it is short and cannot be a number.
var correlation = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// correlationOf takes over the client's correlation id if it is well formed, and makes one otherwise.
func correlationOf(r *http.Request) string {
	id := r.Header.Get(headerCorrelation)
	if correlation.MatchString(id) && !cardnumber.InID(id) && strings.ContainsAny(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return id
	}
	return uuid.Must(uuid.NewV7()).String()
}

// methodOf bounds the label's values.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "_OTHER"
}

// answer remembers the status that was sent.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what this one wraps.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
