package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func TestCatalogueIsCleanAndComplete(t *testing.T) {
	name, label := regexp.MustCompile(`^[a-z][a-z0-9_]*[a-z0-9]$`), regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	seen := map[string]bool{}
	for _, m := range Catalogue() {
		if seen[m.Name] {
			t.Errorf("%s stands in the catalogue twice", m.Name)
		}
		seen[m.Name] = true
		if !name.MatchString(m.Name) || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s: want a clean name and a help text that is a sentence, got %q", m.Name, m.Help)
		}
		if counts := strings.HasSuffix(m.Name, "_total"); counts != (m.Kind == Counter) {
			t.Errorf("%s is a %s: counters, and only they, end in _total", m.Name, m.Kind)
		}
		if (m.Kind == Histogram) != (len(m.Buckets) > 0) || !slices.IsSorted(m.Buckets) {
			t.Errorf("%s: histograms, and only they, have rising buckets; got %v", m.Name, m.Buckets)
		}
		for _, l := range m.Labels {
			if !label.MatchString(l) {
				t.Errorf("%s: label %q", m.Name, l)
			}
		}
	}
}

func TestOneEntryIsOneMetricHoweverOftenItIsAskedFor(t *testing.T) {
	tel := Discard("order")
	tel.Counter(OrdersTotal).WithLabelValues("pending", "").Inc()
	tel.Counter(OrdersTotal).WithLabelValues("pending", "").Inc()
	families, err := tel.Registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetMetric()[0].GetCounter().GetValue() != 2 {
		t.Errorf("got %v, %v; want one counter at 2", families, err)
	}
}

func TestWrongKindIsADefectThatShowsAtOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a counter was taken for a gauge")
		}
	}()
	Discard("order").Gauge(OrdersTotal)
}

// inTrace is a context of a sampled trace and of a client request.
func inTrace() context.Context {
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	return WithCorrelation(trace.ContextWithSpanContext(context.Background(), span), "c-1")
}

func TestLogLinesSayWhichRequestAndTrace(t *testing.T) {
	var out bytes.Buffer
	tel, stop, err := Start(t.Context(), Options{Service: "order", Instance: "order-2", Level: zerolog.InfoLevel, Output: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(context.Background())
	tel.Log.Info().Ctx(inTrace()).Msg("hello")
	tel.Log.Debug().Msg("too quiet to be seen")
	var line map[string]string
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	for field, want := range map[string]string{
		"service": "order", "instance": "order-2", "correlation_id": "c-1", "message": "hello", "level": "info",
		"trace_id": "01000000000000000000000000000000", "span_id": "0200000000000000",
	} {
		if line[field] != want {
			t.Errorf("%s: got %q, want %q", field, line[field], want)
		}
	}
}

func TestStoredWorkComesBackToItsRequest(t *testing.T) {
	tel := Discard("order")
	ctx := tel.Unpack(context.Background(), tel.Pack(inTrace()))
	if Correlation(ctx) != "c-1" || trace.SpanContextFromContext(ctx).TraceID() != (trace.TraceID{1}) {
		t.Errorf("got request %q in trace %s", Correlation(ctx), trace.SpanContextFromContext(ctx).TraceID())
	}
	if ctx := tel.Unpack(context.Background(), "not JSON"); trace.SpanContextFromContext(ctx).IsValid() || Correlation(ctx) != "" {
		t.Error("something came out of nothing")
	}
}

func TestOldHeadersAreReadAndNewOnesWinAndOnlyNewOnesAreWritten(t *testing.T) {
	old, fresh := strings.Repeat("a", 32), strings.Repeat("b", 32)
	carrier := propagation.MapCarrier{"uber-trace-id": old + ":00f067aa0ba902b7:0:1"}
	p := newPropagator()
	if got := trace.SpanContextFromContext(p.Extract(context.Background(), carrier)).TraceID().String(); got != old {
		t.Errorf("old header alone: got trace %s", got)
	}
	carrier["traceparent"] = "00-" + fresh + "-00f067aa0ba902b7-01"
	if got := trace.SpanContextFromContext(p.Extract(context.Background(), carrier)).TraceID().String(); got != fresh {
		t.Errorf("both headers: got trace %s", got)
	}
	written := propagation.MapCarrier{}
	p.Inject(inTrace(), written)
	if _, old := written["uber-trace-id"]; old || written["traceparent"] == "" {
		t.Errorf("wrote %v", written)
	}
	InjectLegacy(inTrace(), written)
	if !strings.HasPrefix(written["uber-trace-id"], "01000000000000000000000000000000:") {
		t.Errorf("for the old neighbour: wrote %v", written)
	}
}

func TestExemplarsNameTheTrace(t *testing.T) {
	tel := Discard("order")
	h := tel.Histogram(SagaDuration)
	Observe(inTrace(), h.WithLabelValues("shipped"), 0.3)
	Observe(context.Background(), h.WithLabelValues("shipped"), 0.3)
	families, err := tel.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range families[0].GetMetric()[0].GetHistogram().GetBucket() {
		if b.GetExemplar() != nil && b.GetExemplar().GetLabel()[0].GetValue() == "01000000000000000000000000000000" {
			return
		}
	}
	t.Errorf("no exemplar in %v", families)
}
