package telemetry

import (
	"math"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

func TestProcessMetricsAreThoseOfTheLibrary(t *testing.T) {
	library := collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
	before := processMetrics(t, library)
	got := processMetrics(t, mustProcess(t))
	after := processMetrics(t, library)
	if len(got) != 5 {
		t.Fatalf("got %v, want five metrics", got)
	}
	if cpu := got["process_cpu_seconds_total"]; cpu < before["process_cpu_seconds_total"] || cpu > after["process_cpu_seconds_total"] || cpu == 0 {
		t.Errorf("got %v s of processor time, want %v to %v", cpu, before["process_cpu_seconds_total"], after["process_cpu_seconds_total"])
	}
	if got["process_start_time_seconds"] != before["process_start_time_seconds"] {
		t.Errorf("got %v, want %v", got, before)
	}
	for _, name := range []string{"process_virtual_memory_bytes", "process_resident_memory_bytes", "process_open_fds"} {
		if g, w := got[name], before[name]; w == 0 || math.Abs(g-w) > 0.2*w {
			t.Errorf("%s: got %v, want about %v", name, g, w)
		}
	}
}

func BenchmarkProcess(b *testing.B) {
	for name, c := range map[string]prometheus.Collector{
		"own": mustProcess(b), "library": collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				processMetrics(b, c)
			}
		})
	}
}

func mustProcess(t testing.TB) prometheus.Collector {
	t.Helper()
	p, err := newProcess()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func processMetrics(t testing.TB, c prometheus.Collector) map[string]float64 {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		if m := f.GetMetric()[0]; strings.HasPrefix(f.GetName(), "process_") {
			values[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}
