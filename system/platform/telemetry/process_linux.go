package telemetry

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/procfs"
)

// process collects the process_* metrics from /proc/self. client_golang's collector also reads /proc/stat and the network
// counters of the whole namespace at each scrape, which takes as long as collecting every other metric of a service. Names
// and values are that collector's; left out are process_network_*, whose counters belong to no single process, and the limits.
type process struct {
	self                                   procfs.Proc
	cpu, virtual, resident, files, started *prometheus.Desc
	start                                  float64 // Unix time in seconds
}

func newProcess() (prometheus.Collector, error) {
	self, err := procfs.Self()
	if err != nil {
		return nil, fmt.Errorf("read process: %w", err)
	}
	stat, err := self.Stat()
	if err != nil {
		return nil, fmt.Errorf("read process: %w", err)
	}
	start, err := stat.StartTime()
	if err != nil {
		return nil, fmt.Errorf("read start time of process: %w", err)
	}
	return &process{
		self: self, start: start,
		cpu:      prometheus.NewDesc("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", nil, nil),
		virtual:  prometheus.NewDesc("process_virtual_memory_bytes", "Virtual memory size in bytes.", nil, nil),
		resident: prometheus.NewDesc("process_resident_memory_bytes", "Resident memory size in bytes.", nil, nil),
		files:    prometheus.NewDesc("process_open_fds", "Number of open file descriptors.", nil, nil),
		started:  prometheus.NewDesc("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", nil, nil),
	}, nil
}

// Describe implements [prometheus.Collector].
func (p *process) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.cpu, p.virtual, p.resident, p.files, p.started} {
		to <- d
	}
}

// Collect implements [prometheus.Collector]. Like client_golang's collector it leaves out what it cannot read.
func (p *process) Collect(to chan<- prometheus.Metric) {
	to <- prometheus.MustNewConstMetric(p.started, prometheus.GaugeValue, p.start)
	if stat, err := p.self.Stat(); err == nil {
		to <- prometheus.MustNewConstMetric(p.cpu, prometheus.CounterValue, stat.CPUTime())
		to <- prometheus.MustNewConstMetric(p.virtual, prometheus.GaugeValue, float64(stat.VirtualMemory()))
		to <- prometheus.MustNewConstMetric(p.resident, prometheus.GaugeValue, float64(stat.ResidentMemory()))
	}
	if n, err := p.self.FileDescriptorsLen(); err == nil {
		to <- prometheus.MustNewConstMetric(p.files, prometheus.GaugeValue, float64(n))
	}
}
