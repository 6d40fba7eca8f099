package stack

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/load"
	"stormglass/scenarios/shop"
)

const (
	mostImage = 60e6 // bytes of the image that ships
	// patience is for what comes a few scrapes, or a few spans, after its cause.
	patience = 45 * time.Second
)

func TestTheStackComesUpShipsAnOrderIsBrokenHealsAndGoesWithoutATrace(t *testing.T) {
	layers, standIns := here(t)
	for _, service := range []string{"GATEWAY", "MAILBOX", "JAEGER", "PROMETHEUS", "ALERTMANAGER", "TOXIPROXY", "GRAFANA", "FLUENT_BIT"} {
		t.Setenv(service+"_PORT", port(t))
	}
	t.Cleanup(func() { leavesNothing(t) })
	var traces []string
	order := func(ctx context.Context, address, mailbox string) error {
		trace, err := buy(ctx, address, mailbox)
		traces = append(traces, trace)
		return err
	}
	said := &strings.Builder{}
	if err := Up(t.Context(), Options{Root: checkout, Layers: layers, Version: "test", StandIns: standIns, Out: said, Order: order}); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Log(said)
	s := laid(t, layers...)
	imageIsSmallAndNotRoot(t)
	waitFor(t, "the trace of the order", func() string { return s.traceLacks(t, traces[0]) })
	waitFor(t, "every service's metrics", func() string {
		if up := s.query(t, `count(up{job=~"gateway|user|product|cart|order|inventory|payment|shipping|notification"} == 1)`); up != 9 {
			return "services that are up: " + strconv.FormatFloat(up, 'f', -1, 64)
		}
		return ""
	})
	s.breakAndHeal(t)
}

// breakAndHeal cuts payment off from the card processor, sees its breaker open, and sees an order shipped after the link is whole
// again.
func (s *Stack) breakAndHeal(t *testing.T) {
	t.Helper()
	shopAddress, mailbox := "http://"+s.published("gateway"), "http://"+s.published("mailbox")
	s.enable(t, "payment-to-card-processor", false)
	for range 3 { // orders that are accepted, and wait
		bounded, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		_, err := buy(bounded, shopAddress, mailbox)
		cancel()
		if err == nil {
			t.Fatal("an order was shipped without the card processor")
		}
	}
	waitFor(t, "the breaker to open", func() string {
		if s.query(t, `sum(shop_breaker_transitions_total{client="payment",server="card-processor",to="open"})`) == 0 {
			return "it did not"
		}
		return ""
	})
	s.enable(t, "payment-to-card-processor", true)
	bounded, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := buy(bounded, shopAddress, mailbox); err != nil {
		t.Errorf("after the link was healed: %v", err)
	}
}

// buy is one customer's whole way, to the e-mail; it gives the trace of the order.
func buy(ctx context.Context, address, mailbox string) (string, error) {
	books := func(ctx context.Context, _ string) (json.RawMessage, error) { return get(ctx, mailbox+"/books") }
	site := load.Site{Target: load.Target{BaseURL: address, Seed: uint64(time.Now().UnixNano()), Visits: 1}, Books: books}
	seen, err := shop.Registry().Tour.Probe(ctx, site, func(string, ...any) {})
	return seen.TraceID, err
}

// traceLacks says what is not in Jaeger's trace of one checkout: a service that took part, the legacy client's spans, or the
// parent of a span.
func (s *Stack) traceLacks(t *testing.T, id string) string {
	t.Helper()
	var answer struct {
		Data []struct {
			Spans []struct {
				SpanID     string
				ProcessID  string
				References []struct{ SpanID string }
			}
			Processes map[string]struct{ ServiceName string }
		}
	}
	text, err := get(t.Context(), "http://"+s.published("jaeger")+"/api/traces/"+id)
	if err != nil {
		return err.Error()
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Data) != 1 {
		return "no such trace"
	}
	trace, roots, ids, services := answer.Data[0], 0, map[string]bool{}, map[string]bool{}
	for _, span := range trace.Spans {
		ids[span.SpanID] = true
		services[trace.Processes[span.ProcessID].ServiceName] = true
	}
	for _, span := range trace.Spans {
		if len(span.References) == 0 {
			roots++
		}
		for _, parent := range span.References {
			if !ids[parent.SpanID] {
				return "the parent of a span of " + trace.Processes[span.ProcessID].ServiceName
			}
		}
	}
	for _, service := range []string{"gateway", "order", "cart", "product", "inventory", "payment", "card-processor", "shipping", "notification"} {
		if !services[service] {
			return "spans of " + service
		}
	}
	if roots != 1 {
		return strconv.Itoa(roots) + " roots in the place of one"
	}
	return ""
}

// query asks Prometheus for one number; none is 0.
func (s *Stack) query(t *testing.T, question string) float64 {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.published("prometheus")+"/api/v1/query", nil)
	if err != nil {
		t.Fatal(err)
	}
	parameters := request.URL.Query()
	parameters.Set("query", question)
	request.URL.RawQuery = parameters.Encode()
	text, err := get(t.Context(), request.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Data.Result) == 0 {
		return 0
	}
	number, err := strconv.ParseFloat(answer.Data.Result[0].Value[1].(string), 64)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// enable switches a link's proxy.
func (s *Stack) enable(t *testing.T, proxy string, on bool) {
	t.Helper()
	body := strings.NewReader(`{"enabled": ` + strconv.FormatBool(on) + `}`)
	answer, err := http.Post("http://"+s.published("toxiproxy")+"/proxies/"+proxy, "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("switch %s: %s", proxy, answer.Status)
	}
}

func imageIsSmallAndNotRoot(t *testing.T) {
	t.Helper()
	d, err := FindDocker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.output(t.Context(), "image", "inspect", "--format", "{{.Size}} {{.Config.User}}", "stormglass/shop:local")
	if err != nil {
		t.Fatal(err)
	}
	size, user, _ := strings.Cut(text, " ")
	if bytes, err := strconv.ParseFloat(size, 64); err != nil || bytes > mostImage || user != "65532:65532" {
		t.Errorf("the shop's image has %s bytes and the user %s, want at most %.0f and 65532:65532", size, user, mostImage)
	}
}

// leavesNothing takes the stack down and looks for what is left of it.
func leavesNothing(t *testing.T) {
	ctx := context.Background() // the test's own has ended
	if err := Down(ctx, checkout); err != nil {
		t.Error(err)
	}
	d, err := FindDocker(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]string{{"ps", "-aq"}, {"network", "ls", "-q"}, {"volume", "ls", "-q"}} {
		left, err := d.output(ctx, append(slices.Clone(list), "--filter", "label=com.docker.compose.project="+Project)...)
		if err != nil || left != "" {
			t.Errorf("docker %s: left %q, %v", list[0], left, err)
		}
	}
}

// waitFor asks until nothing is lacking.
func waitFor(t *testing.T, what string, lacking func() string) {
	t.Helper()
	last := ""
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(500 * time.Millisecond) {
		if last = lacking(); last == "" {
			return
		}
	}
	t.Fatalf("wait for %s: %s", what, last)
}

func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}
