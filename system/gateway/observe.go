package gateway

import (
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// Headers by which a client finds its request again in logs and traces.
const (
	headerCorrelation = "X-Correlation-Id"
	headerTrace       = "X-Trace-Id"
)

// unmatched is the route, for spans and metrics, of requests for what there is not.
const unmatched = "unmatched"

// observed serves a request as the root of what happens because of it: its correlation id, its span (under the client's
// own, if it sent one), its metric, its line in the log, and the answer to a panic.
func (d *door) observed(w http.ResponseWriter, r *http.Request, rt route, serve http.HandlerFunc) {
	start, method := time.Now(), methodOf(r)
	if rt.pattern == "" {
		rt.pattern = unmatched
	}
	id := correlationOf(r)
	ctx := d.tel.Propagator.Extract(telemetry.WithCorrelation(r.Context(), id), propagation.HeaderCarrier(r.Header))
	ctx, span := d.tel.Tracer("gateway").Start(ctx, method+" "+rt.pattern, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", rt.pattern), attribute.String("correlation_id", id)))
	defer span.End()
	r = r.WithContext(ctx)

	answer := &answer{ResponseWriter: w}
	answer.Header().Set(headerCorrelation, id)
	if of := span.SpanContext(); of.IsValid() {
		answer.Header().Set(headerTrace, of.TraceID().String())
	}
	active := d.tel.Gauge(telemetry.HTTPServerActive).WithLabelValues()
	active.Inc()
	defer func() {
		active.Dec()
		d.recovered(answer, r, recover())
		span.SetAttributes(attribute.Int("http.response.status_code", answer.status))
		if answer.status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(answer.status))
		}
		took := time.Since(start)
		telemetry.Observe(ctx, d.tel.Histogram(telemetry.HTTPServerDuration).WithLabelValues(method, rt.pattern, strconv.Itoa(answer.status)), took.Seconds())
		d.tel.Log.WithLevel(level(method, answer.status)).Ctx(ctx).Str("method", method).Str("route", rt.pattern).
			Int("status", answer.status).Dur("took_ms", took).Msg("request served")
	}()
	serve(answer, r)
}

// recovered answers for a handler that panicked, and settles the status of one that never wrote.
func (d *door) recovered(w *answer, r *http.Request, panicked any) {
	if panicked != nil {
		err := problem.Wrap(fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()), problem.Internal, "", "something went wrong on our side")
		p := d.problemOf(r.Context(), err)
		if w.status == 0 {
			p.write(w)
		}
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

// level keeps reads out of the usual log: they are many, and change nothing.
func level(method string, status int) zerolog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return zerolog.WarnLevel
	case method == http.MethodGet || method == http.MethodHead:
		return zerolog.DebugLevel
	}
	return zerolog.InfoLevel
}

// correlation is what a client's correlation id may look like. It reaches logs, so it is short and cannot be a number.
var correlation = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// correlationOf takes over the client's correlation id if it is well formed, and makes one otherwise.
func correlationOf(r *http.Request) string {
	id := r.Header.Get(headerCorrelation)
	if correlation.MatchString(id) && strings.ContainsAny(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
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
