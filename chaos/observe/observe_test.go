package observe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"

	"stormglass/internal/await"
)

// TestMain fails the package when a test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is a target with one counter and one histogram.
type service struct {
	*httptest.Server
	orders  prometheus.Counter
	seconds prometheus.Histogram
}

func newService(t *testing.T) *service {
	t.Helper()
	registry := prometheus.NewRegistry()
	s := &service{
		orders:  prometheus.NewCounter(prometheus.CounterOpts{Name: "orders_total"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "seconds", Buckets: []float64{.1, 1}}),
	}
	registry.MustRegister(s.orders, s.seconds)
	s.Server = httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	t.Cleanup(s.Close)
	return s
}

// textTarget serves a page of text.
func textTarget(t *testing.T, contentType string, page func(http.ResponseWriter)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		page(w)
	}))
	t.Cleanup(s.Close)
	return s
}

// targets is a list that a test may change while an observer asks for it.
type targets struct {
	mu   sync.Mutex
	list []Target
}

func (l *targets) set(list ...Target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = list
}

func (l *targets) get() []Target {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

// observe starts an observer that looks often, and stops it at the end of the test.
func observe(t *testing.T, dir string, list ...Target) *Observer {
	t.Helper()
	return start(t, Options{Dir: dir, Targets: func() []Target { return list }})
}

func start(t *testing.T, o Options) *Observer {
	t.Helper()
	o.ScrapeEvery = 20 * time.Millisecond
	obs, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, obs) })
	return obs
}

func stop(t *testing.T, obs *Observer) {
	t.Helper()
	if err := obs.Stop(context.Background()); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// waitForAnswer waits until a query answers as wanted, in the form of show.
func waitForAnswer(t *testing.T, m Metrics, promql, want string) {
	t.Helper()
	await.NoError(t, func() error {
		v, err := m.Query(t.Context(), promql, time.Now())
		if err != nil {
			return err
		}
		if got := show(v); got != want {
			return fmt.Errorf("%s: got %q, want %q", promql, got, want)
		}
		return nil
	})
}

// show writes a vector as `label=value … number; …`.
func show(v Vector) string {
	var rows []string
	for _, s := range v {
		var parts []string
		for name, value := range s.Labels {
			parts = append(parts, name+"="+value)
		}
		slices.Sort(parts)
		rows = append(rows, strings.Join(append(parts, fmt.Sprint(s.Value)), " "))
	}
	return strings.Join(rows, "; ")
}

func TestAFolderThatHoldsARecordingIsRefused(t *testing.T) {
	dir := t.TempDir()
	stop(t, observe(t, dir))
	_, err := Start(t.Context(), Options{Dir: dir})
	if !errors.Is(err, errNotEmpty) {
		t.Errorf("got %v, want %v", err, errNotEmpty)
	}
}

func TestAPortInUseIsNamedAndLeavesTheFolderFree(t *testing.T) {
	other := observe(t, t.TempDir())
	dir := t.TempDir()
	_, err := Start(t.Context(), Options{Dir: dir, OTLPAddr: other.OTLP()})
	if err == nil || !strings.Contains(err.Error(), other.OTLP()) {
		t.Errorf("got %v, want an error that names %s", err, other.OTLP())
	}
	observe(t, dir)
}

func TestARecordingThatIsNotThereIsAnError(t *testing.T) {
	if r, err := Open(t.TempDir()); err == nil {
		t.Error("got no error for an empty folder", r.Close())
	}
}

func TestQueriesAfterStopAreRefused(t *testing.T) {
	obs := observe(t, t.TempDir())
	stop(t, obs)
	if _, err := obs.Query(t.Context(), "up", time.Now()); !errors.Is(err, errClosed) {
		t.Errorf("got %v, want %v", err, errClosed)
	}
}

func TestStopWaitsForQueriesUnderWay(t *testing.T) {
	s := newService(t)
	obs := observe(t, t.TempDir(), Target{"order-1", "order", s.URL})
	waitForAnswer(t, obs, "sum(up)", "1")
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				_, err := obs.Query(context.Background(), "sum(up)", time.Now())
				obs.Trace("none")
				if errors.Is(err, errClosed) {
					return
				}
				if err != nil {
					t.Errorf("query: %v", err)
					return
				}
			}
		})
	}
	stop(t, obs)
	readers.Wait()
}
