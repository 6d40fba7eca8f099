package dashboards

import "stormglass/system/platform/telemetry"

// job is the label that Prometheus gives to every series: which service it came from. instance tells several of one
// service apart.
const (
	job      = "job"
	instance = "instance"
)

// Metrics that the shop's catalogue does not have, because others make them.
var (
	// Prometheus itself, for each target that it scrapes.
	up = telemetry.Metric{Name: "up", Kind: telemetry.Gauge, Help: "1 when the last scrape was answered."}

	// Every Go program.
	processStart  = telemetry.Metric{Name: "process_start_time_seconds", Kind: telemetry.Gauge, Help: "When the process started, in seconds of Unix time."}
	processCPU    = telemetry.Metric{Name: "process_cpu_seconds_total", Kind: telemetry.Counter, Help: "Processor time used."}
	processMemory = telemetry.Metric{Name: "process_resident_memory_bytes", Kind: telemetry.Gauge, Help: "Memory in use, as the operating system sees it."}
	processFiles  = telemetry.Metric{Name: "process_open_fds", Kind: telemetry.Gauge, Help: "Open files and connections."}
	goroutines    = telemetry.Metric{Name: "go_goroutines", Kind: telemetry.Gauge, Help: "Goroutines there are."}
	heapInUse     = telemetry.Metric{Name: "go_memstats_heap_inuse_bytes", Kind: telemetry.Gauge, Help: "Memory of the heap's spans in use."}
	allocated     = telemetry.Metric{Name: "go_memstats_alloc_bytes_total", Kind: telemetry.Counter, Help: "Bytes allocated on the heap, freed ones too."}
	gcPauses      = telemetry.Metric{Name: "go_gc_duration_seconds_sum", Kind: telemetry.Counter, Help: "Time for which the collector stopped everything."}

	// Only where the whole stack runs in containers.
	budgetLeft    = telemetry.Metric{Name: "slo:period_error_budget_remaining:ratio", Kind: telemetry.Gauge, Help: "Share of an objective's error budget that is left.", Labels: objective()}
	burnRate      = telemetry.Metric{Name: "slo:current_burn_rate:ratio", Kind: telemetry.Gauge, Help: "How many times faster than allowed the budget is spent.", Labels: objective()}
	alerts        = telemetry.Metric{Name: "ALERTS", Kind: telemetry.Gauge, Help: "1 for each alert that is pending or firing.", Labels: []string{"alertname", "alertstate", "severity"}}
	proxyReceived = telemetry.Metric{Name: "toxiproxy_proxy_received_bytes_total", Kind: telemetry.Counter, Help: "Bytes that a proxy took in.", Labels: []string{"direction", "proxy", "listener", "upstream"}}
	proxySent     = telemetry.Metric{Name: "toxiproxy_proxy_sent_bytes_total", Kind: telemetry.Counter, Help: "Bytes that a proxy passed on.", Labels: []string{"direction", "proxy", "listener", "upstream"}}
)

// objective are the labels that tell objectives apart in the recording rules of alerts/.
func objective() []string { return []string{"sloth_id", "sloth_service", "sloth_slo"} }

// Outside lists them.
func Outside() []telemetry.Metric {
	return []telemetry.Metric{
		up,
		processStart, processCPU, processMemory, processFiles, goroutines, heapInUse, allocated, gcPauses,
		budgetLeft, burnRate, alerts, proxyReceived, proxySent,
	}
}
