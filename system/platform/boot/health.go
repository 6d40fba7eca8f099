package boot

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"stormglass/system/platform/telemetry"
)

// checkTimeout bounds all checks of one readiness request.
const checkTimeout = time.Second

// Check asks a dependency whether it answers.
type Check func(context.Context) error

// readiness knows whether the program takes requests, and what it cannot or can do without.
type readiness struct {
	tel      *telemetry.Telemetry
	wired    atomic.Bool
	mu       sync.Mutex
	critical map[string]Check
	optional map[string]Check
}

func newReadiness(tel *telemetry.Telemetry) *readiness {
	return &readiness{tel: tel, critical: map[string]Check{}, optional: map[string]Check{}}
}

// ReadyWhen makes readiness depend on a check, such as the service's own database.
func (rt *Runtime) ReadyWhen(dependency string, check Check) {
	rt.readiness.add(rt.readiness.critical, dependency, check)
}

// DegradedWhen reports a dependency that the service can do without for a while, such as the broker.
func (rt *Runtime) DegradedWhen(dependency string, check Check) {
	rt.readiness.add(rt.readiness.optional, dependency, check)
}

// Admin is the mux of the internal port: /metrics, /livez, /readyz, and what the program adds.
func (rt *Runtime) Admin() *http.ServeMux { return rt.admin }

func (r *readiness) add(to map[string]Check, name string, c Check) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to[name] = c
}

func (r *readiness) open()  { r.set(true) }
func (r *readiness) close() { r.set(false) }

func (r *readiness) set(wired bool) {
	r.wired.Store(wired)
	value := 0.0
	if wired {
		value = 1
	}
	r.tel.Gauge(telemetry.Ready).WithLabelValues().Set(value)
}

// report is the body of /readyz.
type report struct {
	Ready bool `json:"ready"`
	// Failing names what readiness needs and what it said; Degraded what the service does without for now.
	Failing  map[string]string `json:"failing,omitempty"`
	Degraded map[string]string `json:"degraded,omitempty"`
}

func (r *readiness) report(ctx context.Context) report {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	r.mu.Lock()
	critical, optional := maps.Clone(r.critical), maps.Clone(r.optional)
	r.mu.Unlock()
	out := report{Failing: failing(ctx, critical), Degraded: failing(ctx, optional)}
	if !r.wired.Load() {
		out.Failing["program"] = "starting or stopping"
	}
	out.Ready = len(out.Failing) == 0
	for name := range optional {
		_, away := out.Degraded[name]
		r.tel.Gauge(telemetry.Degraded).WithLabelValues(name).Set(map[bool]float64{true: 1}[away])
	}
	return out
}

// failing runs the checks side by side and gives those that failed.
func failing(ctx context.Context, checks map[string]Check) map[string]string {
	var mu sync.Mutex
	var wg sync.WaitGroup
	failed := map[string]string{}
	for name, check := range checks {
		wg.Go(func() {
			if err := check(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[name] = err.Error()
			}
		})
	}
	wg.Wait()
	return failed
}

func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	out := r.report(req.Context())
	w.Header().Set("Content-Type", "application/json")
	if !out.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(out) // the client has left; nobody is there to be told
}

func (rt *Runtime) serveAdmin(addr string) error {
	rt.admin.Handle("GET /metrics", promhttp.HandlerFor(rt.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	rt.admin.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	rt.admin.Handle("GET /readyz", rt.readiness)
	rt.admin.HandleFunc("GET /debug/pprof/", pprof.Index)
	rt.admin.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	return rt.ServeHTTP("admin", addr, rt.admin)
}
