package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"stormglass/system/platform/telemetry"
)

// metrics reads what one service exports, by the names of the families.
func (s *shop) metrics(instance string) map[string]*dto.MetricFamily {
	s.t.Helper()
	url := "http://" + s.instance(instance).Addrs["admin"] + "/metrics"
	resp, err := s.web.Get(url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s", url, resp.Status)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	page, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		s.t.Fatalf("parse %s: %v", url, err)
	}
	return page
}

// runtimes are the families of the Go runtime and the process.
var runtimes = regexp.MustCompile(`^(go|process|promhttp)_`)

func TestNothingIsExportedOutsideTheCatalogueAndAllOfItIs(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	c := s.customer("Ada Lovelace")
	strange(s, c)
	countedByRoute(t, s)
	shipped := c.place(c.basket(goodCard))
	c.await(shipped.ID, "shipped")
	declined := c.place(c.basket(declinedCard))
	c.await(declined.ID, "cancelled")
	s.settle()

	catalogue := map[string]telemetry.Metric{}
	for _, m := range telemetry.Catalogue() {
		catalogue[m.Name] = m
	}
	private := []string{c.id, c.email, shipped.ID, declined.ID, lamp, "no-such", "%", "?"}
	exported := map[string]bool{}
	for _, in := range s.services() {
		for name, family := range s.metrics(in.Name) {
			if runtimes.MatchString(name) {
				continue
			}
			exported[name] = true
			m, known := catalogue[name]
			if !known {
				t.Errorf("%s exports %s, which is not in the catalogue", in.Name, name)
				continue
			}
			like(t, in.Name, family, m)
			bounded(t, in.Name, family, private)
		}
	}
	for name := range catalogue {
		if !exported[name] {
			t.Errorf("%s is in the catalogue, and nobody exports it", name)
		}
	}
}

// strange asks for what there is not, in words that must not become labels.
func strange(s *shop, c *customer) {
	for _, path := range []string{"/v1/no-such-route/" + c.id, "/v1/orders/" + c.id, "/v1/products/no-such-lamp", "/v1/products?text=%25", "/%ff"} {
		s.ask(request{method: http.MethodGet, path: path, token: c.token})
	}
	s.ask(request{method: "NO-SUCH-METHOD", path: "/v1/orders"})
}

// like checks a family against its entry: type, labels, and the bounds of a histogram.
func like(t *testing.T, who string, family *dto.MetricFamily, m telemetry.Metric) {
	t.Helper()
	if got := strings.ToLower(family.GetType().String()); got != string(m.Kind) {
		t.Errorf("%s exports %s as a %s, in the catalogue it is a %s", who, m.Name, got, m.Kind)
	}
	for _, series := range family.GetMetric() {
		var labels []string
		for _, l := range series.GetLabel() {
			labels = append(labels, l.GetName())
		}
		if got, want := slices.Sorted(slices.Values(labels)), slices.Sorted(slices.Values(m.Labels)); !slices.Equal(got, want) {
			t.Errorf("%s exports %s with the labels %v, in the catalogue it has %v", who, m.Name, got, want)
		}
		var bounds []float64
		for _, b := range series.GetHistogram().GetBucket() {
			bounds = append(bounds, b.GetUpperBound())
		}
		if m.Kind == telemetry.Histogram && !slices.Equal(bounds[:len(bounds)-1], m.Buckets) { // the last is infinity
			t.Errorf("%s exports %s with the bounds %v, in the catalogue it has %v", who, m.Name, bounds, m.Buckets)
		}
	}
}

// ids are what grows with every customer and every order.
var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16,}|[0-9]{4,}|@`)

// mostSeries is more than any family has whose labels are bounded: about as many as a link's operations by outcome.
const mostSeries = 150

// bounded checks that no label holds what there is a new one of for every request.
func bounded(t *testing.T, who string, family *dto.MetricFamily, private []string) {
	t.Helper()
	if n := len(family.GetMetric()); n > mostSeries {
		t.Errorf("%s exports %d series of %s", who, n, family.GetName())
	}
	for _, series := range family.GetMetric() {
		for _, l := range series.GetLabel() {
			at := slices.IndexFunc(private, func(text string) bool { return strings.Contains(l.GetValue(), text) })
			if at >= 0 || ids.MatchString(l.GetValue()) {
				t.Errorf("%s exports %s with %s=%q, of which there is no end", who, family.GetName(), l.GetName(), l.GetValue())
			}
		}
	}
}

// countedByRoute checks that what a new customer and the strange requests asked for is counted by route, not by path.
func countedByRoute(t *testing.T, s *shop) {
	t.Helper()
	routes := map[string]bool{"unmatched": true, "/openapi.json": true, "/docs": true, "/v1/webhooks/card-processor": true}
	for path := range s.document().Paths {
		routes[path] = true
	}
	got := map[string]int{}
	for _, series := range s.metrics("gateway-1")["http_server_request_duration_seconds"].GetMetric() {
		labels := map[string]string{}
		for _, l := range series.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if !routes[labels["http_route"]] {
			t.Errorf("counted under the route %q, which the document does not have", labels["http_route"])
		}
		got[fmt.Sprint(labels["http_request_method"], " ", labels["http_route"], " ", labels["http_response_status_code"])] += int(series.GetHistogram().GetSampleCount())
	}
	for series, want := range map[string]int{
		"POST /v1/users 201": 1, "POST /v1/sessions 201": 1, "GET /v1/products/{id} 404": 1, "GET /v1/orders/{id} 404": 1,
		"GET unmatched 404": 2, "_OTHER unmatched 405": 1,
	} {
		if got[series] != want {
			t.Errorf("%s: counted %d times, want %d; all: %v", series, got[series], want, slices.Sorted(maps.Keys(got)))
		}
	}
}
