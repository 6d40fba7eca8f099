package gateway

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"stormglass/internal/await"
	"stormglass/system/platform/telemetry"
)

// recorder takes log lines from many goroutines.
type recorder struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// listened is a desk whose every log line and span is kept.
func listened(t *testing.T) (*desk, *recorder, *tracetest.InMemoryExporter) {
	t.Helper()
	logs, spans := &recorder{}, tracetest.NewInMemoryExporter()
	tel, flush, err := telemetry.Start(t.Context(), telemetry.Options{Service: "gateway", Instance: "gateway-1", Level: zerolog.TraceLevel, Output: logs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flush(context.WithoutCancel(t.Context())) }) // nothing to flush to
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	tel.Provider = provider
	return newDesk(t, func(s *settings) { s.tel = tel }), logs, spans
}

func (d *desk) serverSpan(t *testing.T, spans *tracetest.InMemoryExporter) tracetest.SpanStub {
	t.Helper()
	var found tracetest.SpanStub
	await.True(t, "the server's span", func() bool {
		all := spans.GetSpans()
		i := slices.IndexFunc(all, func(s tracetest.SpanStub) bool { return s.SpanKind == trace.SpanKindServer })
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	return found
}

func TestClientsTraceAndCorrelationIDAreTakenOver(t *testing.T) {
	d, logs, spans := listened(t)
	const traceID, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	got := d.send(request{path: "/v1/products/" + lamp, header: map[string]string{
		"traceparent": "00-" + traceID + "-" + parent + "-01", "X-Correlation-ID": "shopper-42.checkout_1"}}).want(t, 200)
	if got.header.Get("X-Trace-ID") != traceID || got.header.Get("X-Correlation-ID") != "shopper-42.checkout_1" {
		t.Errorf("got headers %v", got.header)
	}
	span := d.serverSpan(t, spans)
	if span.Name != "GET /v1/products/{id}" || span.SpanContext.TraceID().String() != traceID || span.Parent.SpanID().String() != parent {
		t.Errorf("got span %q of trace %s under %s", span.Name, span.SpanContext.TraceID(), span.Parent.SpanID())
	}
	for _, want := range []string{`"correlation_id":"shopper-42.checkout_1"`, `"trace_id":"` + traceID + `"`} {
		if !strings.Contains(logs.String(), want) {
			t.Errorf("no log line has %s:\n%s", want, logs)
		}
	}
}

func TestAClientCannotSwitchTracingOff(t *testing.T) {
	const traceID, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for name, header := range map[string]map[string]string{
		"W3C":    {"traceparent": "00-" + traceID + "-" + parent + "-00"},
		"Jaeger": {"uber-trace-id": traceID + ":" + parent + ":0:0"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _, spans := listened(t)
			got := d.send(request{method: "POST", path: "/v1/orders", token: d.token("u1"), header: merged(keyed, header), body: checkoutBody}).want(t, 202)
			if id := got.header.Get("X-Trace-ID"); id != traceID {
				t.Errorf("got trace %q, want the client's", id)
			}
			if span := d.serverSpan(t, spans); span.SpanContext.TraceID().String() != traceID || span.Parent.SpanID().String() != parent || !span.SpanContext.IsSampled() {
				t.Errorf("got a span of trace %s under %s with flags %s", span.SpanContext.TraceID(), span.Parent.SpanID(), span.SpanContext.TraceFlags())
			}
		})
	}
}

func TestATraceIsNamedOnlyWhereItIsKept(t *testing.T) {
	for _, sent := range []string{"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"} {
		tel, flush, err := telemetry.Start(t.Context(), telemetry.Options{Service: "gateway", Instance: "gateway-1", Level: zerolog.Disabled, Output: &recorder{}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flush(context.WithoutCancel(t.Context())) }) // nothing to flush to
		d := newDesk(t, func(s *settings) { s.tel = tel })
		got := d.send(request{path: "/v1/categories", header: map[string]string{"traceparent": sent}}).want(t, 200)
		if id := got.header.Get("X-Trace-ID"); id != "" {
			t.Errorf("traceparent %q: got trace %s, which is kept nowhere", sent, id)
		}
	}
}

func TestCardNumberInTheClientsIDsReachesNeitherLogsNorSpans(t *testing.T) {
	const traceID, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for name, header := range map[string]map[string]string{
		"correlation id":           {"X-Correlation-ID": "key-" + cardNumber},
		"correlation id with dots": {"X-Correlation-ID": "key-4242.4242.4242.4242"},
		"correlation id in hex":    {"X-Correlation-ID": cardNumber + "aaaaaaaaaaaaaaaa"},
		"trace id":                 {"traceparent": "00-0000000000000000" + cardNumber + "-" + parent + "-01"},
		"trace id filled up":       {"traceparent": "00-" + cardNumber + "0000000000000000-" + parent + "-01"},
		"span id":                  {"traceparent": "00-" + traceID + "-" + cardNumber + "-01"},
		"Jaeger's trace id":        {"uber-trace-id": cardNumber + ":" + parent + ":0:1"},
		"tracestate":               {"traceparent": "00-" + traceID + "-" + parent + "-01", "tracestate": "shop=" + cardNumber},
	} {
		t.Run(name, func(t *testing.T) {
			d, logs, spans := listened(t)
			got := d.send(request{path: "/v1/products/" + lamp, header: header}).want(t, 200)
			if got.header.Get("X-Correlation-ID") == "" || got.header.Get("X-Trace-ID") == "" {
				t.Errorf("got no ids in their place: %v", got.header)
			}
			span := d.serverSpan(t, spans)
			await.True(t, "the log line", func() bool { return strings.Contains(logs.String(), "request served") })
			told := fmt.Sprintf("%v %v %v %v", logs, got.header, span.Attributes, span.SpanContext.TraceState())
			told += span.SpanContext.TraceID().String() + " " + span.Parent.SpanID().String()
			if strings.Contains(told, cardNumber) || strings.Contains(told, "4242.4242") {
				t.Errorf("the card number is in it: %s", told)
			}
		})
	}
}

// merged gives the headers of both.
func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func TestCorrelationIDThatIsNotWellFormedIsReplaced(t *testing.T) {
	d := newDesk(t)
	uuid := regexp.MustCompile(`^[0-9a-f-]{36}$`)
	for _, id := range []string{"", "short", cardNumber, "4242-4242-4242-4242", "a b c d e f g", strings.Repeat("x", 65), `"quoted-id"`, "ünïcödé-id"} {
		got := d.send(request{path: "/openapi.json", header: map[string]string{"X-Correlation-ID": id}}).header.Get("X-Correlation-ID")
		if !uuid.MatchString(got) {
			t.Errorf("%q: got %q, want a UUID", id, got)
		}
	}
}

func TestWholeCheckoutLeavesNothingPersonalInLogsAndSpans(t *testing.T) {
	d, logs, spans := listened(t)
	secrets := map[string]string{
		"e-mail": "ada.lovelace@example.com", "password": "correct horse battery", "name": "Ada Lovelace", "street": "Harbour Road",
		"card token": "pm_card_very_secret", "refresh token": "refresh-secret", "card number": cardNumber, "access token": d.token("u1"),
	}
	token := secrets["access token"]
	for _, r := range []request{
		{method: "POST", path: "/v1/users", header: keyed, body: fmt.Sprintf(`{"email":%q,"password":%q,"name":%q}`, secrets["e-mail"], secrets["password"], secrets["name"])},
		{method: "POST", path: "/v1/sessions", body: fmt.Sprintf(`{"email":%q,"password":%q}`, secrets["e-mail"], secrets["password"])},
		{method: "POST", path: "/v1/sessions/refresh", body: `{"refresh_token":"refresh-secret"}`},
		{method: "POST", path: "/v1/cards", token: token, header: keyed, body: `{"token":"pm_card_very_secret"}`},
		{method: "POST", path: "/v1/cards", token: token, header: keyed, body: `{"token":"` + cardNumber + `"}`},
		{method: "POST", path: "/v1/cards", token: token, header: map[string]string{"Idempotency-Key": cardNumber}, body: `{"token":"pm_1"}`},
		{path: "/v1/orders/" + cardNumber, token: token},
		{path: "/v1/products?text=" + cardNumber, token: token},
		{path: "/" + cardNumber, token: token, header: map[string]string{"X-Correlation-ID": cardNumber, "User-Agent": cardNumber}},
		{method: "POST", path: "/v1/orders", token: token, header: keyed, body: checkoutBody},
		{path: "/v1/me", token: token + "x"},
		{path: "/v1/me", header: map[string]string{"Authorization": token}},
	} {
		d.send(r)
	}
	d.fakes.away("payment", true)
	d.send(request{method: "POST", path: "/v1/cards", token: token, header: keyed, body: `{"token":"pm_card_very_secret"}`}).want(t, 503)
	await.True(t, "the last request's log line", func() bool { return strings.Count(logs.String(), "request served") == 13 })
	told := logs.String()
	for _, s := range spans.GetSpans() {
		told += fmt.Sprintf("%s %v %v %v\n", s.Name, s.Attributes, s.Events, s.Status)
	}
	for name, secret := range secrets {
		if strings.Contains(told, secret) {
			t.Errorf("the %s is in logs or spans", name)
		}
	}
}

func TestRequestsAreCountedByRouteAndNeverByPath(t *testing.T) {
	d := newDesk(t)
	d.send(request{path: "/v1/products/" + lamp}).want(t, 200)
	d.send(request{path: "/v1/products/nope"}).want(t, 404)
	d.send(request{path: "/wp-admin/setup.php"}).want(t, 404)
	d.send(request{method: "BREW", path: "/v1/cart"}).want(t, 405)
	await.True(t, "eight series", func() bool { return testutil.CollectAndCount(d.tel.Histogram(telemetry.HTTPServerDuration)) == 8 })
	families, err := d.tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]bool{}
	for _, family := range families {
		if family.GetName() != telemetry.HTTPServerDuration.Name {
			continue
		}
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			series[labels["http_request_method"]+" "+labels["http_route"]+" "+labels["http_response_status_code"]] = true
		}
	}
	want := map[string]bool{
		"GET /v1/products/{id} 200": true, "GET /v1/products/{id} 404": true, "GET unmatched 404": true, "_OTHER unmatched 405": true,
		// There from the start, so that a rate sees the first of them.
		"POST /v1/orders 202": true, "POST /v1/orders 500": true, "POST /v1/orders 503": true, "POST /v1/orders 504": true,
	}
	if !maps.Equal(series, want) {
		t.Errorf("got %v, want %v", series, want)
	}
}

func TestFunnelCountsTheStepsOfAShopper(t *testing.T) {
	d := newDesk(t)
	ada := d.token("u1")
	d.send(request{path: "/v1/products/" + lamp}).want(t, 200)
	d.send(request{method: "PUT", path: "/v1/cart/items/" + lamp, token: ada, body: `{"quantity":1}`}).want(t, 200)
	d.send(request{method: "POST", path: "/v1/orders", token: ada, header: keyed, body: checkoutBody}).want(t, 202)
	d.fakes.away("order", true)
	d.send(request{method: "POST", path: "/v1/orders", token: ada, header: keyed, body: checkoutBody}).want(t, 503)
	for step, want := range map[string]float64{stepViewed: 1, stepFilled: 1, stepCheckout: 2, stepAccepted: 1} {
		if got := testutil.ToFloat64(d.tel.Counter(telemetry.FunnelTotal).WithLabelValues(step)); got != want {
			t.Errorf("%s: got %v, want %v", step, got, want)
		}
	}
}

func TestPanicIsAnsweredAndTheGatewayGoesOn(t *testing.T) {
	d, logs, _ := listened(t)
	d.door.verify = nil
	got := d.send(request{path: "/v1/me", token: "x"})
	wantProblem(t, got, http.StatusInternalServerError, "internal")
	if strings.Contains(got.text, "nil pointer") || !strings.Contains(logs.String(), "nil pointer") {
		t.Errorf("the cause belongs into the log, not into the answer: %s", got.text)
	}
	d.send(request{path: "/v1/categories"}).want(t, 200)
	await.True(t, "no active request", func() bool { return testutil.ToFloat64(d.tel.Gauge(telemetry.HTTPServerActive)) == 0 })
}
