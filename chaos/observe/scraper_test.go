package observe

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func TestSamplesCarryInstanceAndJob(t *testing.T) {
	s := newService(t)
	s.orders.Add(3)
	obs := observe(t, t.TempDir(), Target{"order-1", "order", s.URL})
	waitForAnswer(t, obs, "orders_total", "__name__=orders_total instance=order-1 job=order 3")
	s.orders.Add(2)
	waitForAnswer(t, obs, "sum by (job) (orders_total)", "job=order 5")
	waitForAnswer(t, obs, "scrape_samples_scraped", "__name__=scrape_samples_scraped instance=order-1 job=order 6")
}

func TestALabelOfThePageDoesNotReplaceTheTargets(t *testing.T) {
	page := textTarget(t, "text/plain", func(w http.ResponseWriter) { io.WriteString(w, "x{instance=\"mine\"} 1\n") })
	obs := observe(t, t.TempDir(), Target{"a", "b", page.URL})
	waitForAnswer(t, obs, "x", "__name__=x exported_instance=mine instance=a job=b 1")
}

func TestATargetThatGoesAwayIsDownAndItsSeriesGoStale(t *testing.T) {
	s := newService(t)
	obs := observe(t, t.TempDir(), Target{"order-1", "order", s.URL})
	waitForAnswer(t, obs, "up", "__name__=up instance=order-1 job=order 1")
	s.Close()
	waitForAnswer(t, obs, "up", "__name__=up instance=order-1 job=order 0")
	waitForAnswer(t, obs, "orders_total", "")
	if obs.Problems()["order-1"] == nil {
		t.Error("got no problem of order-1, want the reason why it is down")
	}
}

func TestATargetThatComesBackIsUpAgain(t *testing.T) {
	var calls atomic.Int32
	page := textTarget(t, "text/plain", func(w http.ResponseWriter) {
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "x 1\n")
	})
	obs := observe(t, t.TempDir(), Target{"a", "b", page.URL})
	waitForAnswer(t, obs, "min_over_time(up[10s])", "instance=a job=b 0")
	waitForAnswer(t, obs, "up", "__name__=up instance=a job=b 1")
	if problems := obs.Problems(); len(problems) != 0 {
		t.Errorf("got %v, want no problems", problems)
	}
}

func TestATargetThatIsNoLongerNamedVanishes(t *testing.T) {
	one, two := newService(t), newService(t)
	var list targets
	list.set(Target{"order-1", "order", one.URL}, Target{"order-2", "order", two.URL})
	obs := start(t, Options{Dir: t.TempDir(), Targets: list.get})
	waitForAnswer(t, obs, "sum(up)", "2")
	list.set(Target{"order-2", "order", two.URL})
	waitForAnswer(t, obs, "up", "__name__=up instance=order-2 job=order 1")
	waitForAnswer(t, obs, "count(orders_total)", "1")
}

func TestATargetThatMovesKeepsItsSeries(t *testing.T) {
	one, two := newService(t), newService(t)
	one.orders.Add(1)
	two.orders.Add(2)
	var list targets
	list.set(Target{"order-1", "order", one.URL})
	obs := start(t, Options{Dir: t.TempDir(), Targets: list.get})
	waitForAnswer(t, obs, "orders_total", "__name__=orders_total instance=order-1 job=order 1")
	list.set(Target{"order-1", "order", two.URL})
	waitForAnswer(t, obs, "orders_total", "__name__=orders_total instance=order-1 job=order 2")
}

func TestASeriesThatLeavesThePageGoesStaleAlone(t *testing.T) {
	registry := prometheus.NewRegistry()
	depth := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "depth"}, []string{"queue"})
	registry.MustRegister(depth)
	depth.WithLabelValues("q.payment").Set(7)
	depth.WithLabelValues("q.inventory").Set(8)
	page := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	t.Cleanup(page.Close)
	obs := observe(t, t.TempDir(), Target{"broker-1", "broker", page.URL})
	waitForAnswer(t, obs, "sum(depth)", "15")
	depth.DeleteLabelValues("q.payment")
	waitForAnswer(t, obs, "depth", "__name__=depth instance=broker-1 job=broker queue=q.inventory 8")
}

func TestAPageThatIsCutOffCountsAsDown(t *testing.T) {
	page := textTarget(t, "application/openmetrics-text; version=1.0.0", func(w http.ResponseWriter) {
		io.WriteString(w, "# TYPE x gauge\nx 1\n") // without the end mark
	})
	obs := observe(t, t.TempDir(), Target{"a", "b", page.URL})
	waitForAnswer(t, obs, "up", "__name__=up instance=a job=b 0")
	if v, err := obs.Query(t.Context(), "x", time.Now()); err != nil || len(v) != 0 {
		t.Errorf("got %v, %v, want nothing of a page that was cut off", v, err)
	}
}

func TestAPageWithAnImpossibleSeriesCountsAsDownAndHarmsNobody(t *testing.T) {
	page := textTarget(t, "text/plain", func(w http.ResponseWriter) { io.WriteString(w, "x{a=\"1\",a=\"2\"} 1\n") })
	obs := observe(t, t.TempDir(), Target{"a", "b", page.URL})
	waitForAnswer(t, obs, "up", "__name__=up instance=a job=b 0")
	stop(t, obs) // reports no failure of the recording
}

func TestASlowAnswerIsStillAnAnswer(t *testing.T) {
	page := textTarget(t, "text/plain", func(w http.ResponseWriter) {
		time.Sleep(150 * time.Millisecond) // many rounds of 20 ms
		io.WriteString(w, "x 1\n")
	})
	obs := observe(t, t.TempDir(), Target{"a", "b", page.URL})
	waitForAnswer(t, obs, "count_over_time(x[10s]) >= bool 3", "instance=a job=b 1")
	waitForAnswer(t, obs, "min_over_time(up[10s])", "instance=a job=b 1")
}

func TestAHangingTargetIsDownAndHoldsUpNobody(t *testing.T) {
	release := make(chan struct{})
	hanging := textTarget(t, "text/plain", func(http.ResponseWriter) { <-release })
	t.Cleanup(func() { close(release) })
	s := newService(t)
	obs := observe(t, t.TempDir(), Target{"a", "hanging", hanging.URL}, Target{"b", "fine", s.URL})
	waitForAnswer(t, obs, `up{job="hanging"}`, "__name__=up instance=a job=hanging 0")
	waitForAnswer(t, obs, `count_over_time(up{job="fine"}[5s]) > bool 10`, "instance=b job=fine 1")
}

func TestAnAnswerThatIsNoNumberIsRefused(t *testing.T) {
	s := newService(t)
	obs := observe(t, t.TempDir(), Target{"order-1", "order", s.URL})
	waitForAnswer(t, obs, "sum(up)", "1")
	for _, promql := range []string{"up[1s]", `"text"`, "sum(", "nonsense()"} {
		if v, err := obs.Query(t.Context(), promql, time.Now()); err == nil {
			t.Errorf("%s: got %v, want an error", promql, v)
		}
	}
	if _, err := obs.QueryRange(t.Context(), "up", time.Now(), time.Now(), 0); err == nil {
		t.Error("got no error for a step of 0")
	}
	if v, err := obs.Query(t.Context(), "1 + 1", time.Now()); err != nil || show(v) != "2" {
		t.Errorf("1 + 1: got %v, %v, want 2", v, err)
	}
}
