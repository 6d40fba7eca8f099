package telemetry

import (
	"bytes"
	"context"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
)

// accepts is how Stormglass asks.
const accepts = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"

// answer is what a handler serves.
func answer(t *testing.T, h http.Handler, accept, encoding string) (contentType, body string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Header().Get("Content-Type"), w.Body.String()
}

func TestPageIsThatOfTheLibraryWhateverChanges(t *testing.T) {
	tel := Discard("order")
	ours, theirs := tel.Page(), promhttp.HandlerFor(tel.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	random := rand.New(rand.NewPCG(1, 2))
	orders, depth, took := tel.Counter(OrdersTotal), tel.Gauge(BacklogDepth), tel.Histogram(SagaDuration)
	for round := range 200 {
		label := strconv.Itoa(random.IntN(12))
		sampled := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{byte(round + 1)}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
		}))
		switch random.IntN(6) {
		case 0:
			orders.WithLabelValues("pending", label).Add(random.Float64())
		case 1:
			depth.WithLabelValues(label).Set([]float64{0, math.NaN(), math.Inf(1), 1e21, 3}[random.IntN(5)])
		case 2:
			Observe(sampled, took.WithLabelValues(label), 1000*random.Float64())
		case 3:
			took.WithLabelValues(label).Observe(random.Float64())
		case 4:
			orders.DeleteLabelValues("pending", label)
			depth.DeleteLabelValues(label)
		case 5:
			took.Reset()
		}
		kind, got := answer(t, ours, accepts, "")
		wantKind, want := answer(t, theirs, accepts, "")
		if got != want || kind != wantKind {
			t.Fatalf("round %d: got %s\n%s\nwant %s\n%s", round, kind, got, wantKind, want)
		}
	}
}

func TestOtherFormatsAndCompressionAreServedByTheLibrary(t *testing.T) {
	tel := Discard("order")
	tel.Counter(OrdersTotal).WithLabelValues("pending", "").Inc()
	ours, theirs := tel.Page(), promhttp.HandlerFor(tel.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	for _, asked := range [][2]string{
		{"text/plain;version=0.0.4", ""}, {"", ""}, {"application/openmetrics-text;version=0.0.1", ""}, {accepts, "gzip"},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", ""},
	} {
		kind, got := answer(t, ours, asked[0], asked[1])
		wantKind, want := answer(t, theirs, asked[0], asked[1])
		if got != want || kind != wantKind {
			t.Errorf("%q: got %s %q, want %s %q", asked, kind, got, wantKind, want)
		}
	}
}

func TestPageMayBeAskedForByManyWhileMetricsChange(t *testing.T) {
	tel := Discard("order")
	page, took := tel.Page(), tel.Histogram(SagaDuration)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 50 {
				took.WithLabelValues(strconv.Itoa(i % 7)).Observe(float64(n))
				if _, body := answer(t, page, accepts, ""); !bytes.HasSuffix([]byte(body), []byte("# EOF\n")) {
					t.Errorf("the page ends with %q", body[max(0, len(body)-20):])
				}
			}
		})
	}
	all.Wait()
}

func TestProcessShowsWhatTheLibraryShowsButTheNamespacesNetwork(t *testing.T) {
	tel, stop, err := Start(t.Context(), Options{Service: "order", Output: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(context.Background())
	library := prometheus.NewRegistry()
	library.MustRegister(prometheus.NewProcessCollector(prometheus.ProcessCollectorOpts{}))
	got, want := processValues(t, tel.Registry), processValues(t, library)
	delete(want, "process_network_receive_bytes_total")
	delete(want, "process_network_transmit_bytes_total")
	for name, value := range want {
		if mine, ok := got[name]; !ok || math.Abs(mine-value) > 0.2*value+5 {
			t.Errorf("%s: got %v (there: %v), want about %v", name, mine, ok, value)
		}
	}
	if want["process_open_fds"] != got["process_open_fds"] || want["process_start_time_seconds"] != got["process_start_time_seconds"] {
		t.Errorf("got %v, want %v", got, want)
	}
}

func processValues(t *testing.T, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		if m := f.GetMetric()[0]; len(f.GetName()) > 8 && f.GetName()[:8] == "process_" {
			values[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

// BenchmarkPage measures a scrape of a page of 40 histograms and 40 counters, of which one of each changes between two scrapes.
func BenchmarkPage(b *testing.B) {
	for _, kind := range []string{"kept", "library"} {
		b.Run(kind, func(b *testing.B) {
			tel := Discard("order")
			for n := range 40 {
				tel.Histogram(SagaDuration).WithLabelValues(strconv.Itoa(n)).Observe(float64(n))
				tel.Counter(OrdersTotal).WithLabelValues("pending", strconv.Itoa(n)).Inc()
			}
			page := tel.Page()
			if kind == "library" {
				page = promhttp.HandlerFor(tel.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
			}
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set("Accept", accepts)
			for n := 0; b.Loop(); n++ {
				tel.Histogram(SagaDuration).WithLabelValues(strconv.Itoa(n % 40)).Observe(1)
				tel.Counter(OrdersTotal).WithLabelValues("pending", strconv.Itoa(n%40)).Inc()
				page.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
