package telemetry

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// userHZ is the number of clock ticks in a second that /proc counts processor time in, on every architecture that Go runs on.
const userHZ = 100

// process shows what the kernel knows of this process. It replaces the library's collector, which reads the counters of the
// whole network namespace and of the whole machine at each scrape and thereby costs as much as all other metrics together.
// Names and values are the library's; process_network_* is left out, since it counts every process of the namespace.
type process struct {
	cpu, virtual, resident, files *prometheus.Desc
	constant                      []prometheus.Metric // what does not change while the process lives
	pageSize                      float64
}

func newProcess() (*process, error) {
	p := &process{
		cpu:      prometheus.NewDesc("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", nil, nil),
		virtual:  prometheus.NewDesc("process_virtual_memory_bytes", "Virtual memory size in bytes.", nil, nil),
		resident: prometheus.NewDesc("process_resident_memory_bytes", "Resident memory size in bytes.", nil, nil),
		files:    prometheus.NewDesc("process_open_fds", "Number of open file descriptors.", nil, nil),
		pageSize: float64(os.Getpagesize()),
	}
	once := prometheus.NewRegistry()
	once.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := once.Gather()
	if err != nil {
		return nil, fmt.Errorf("read process: %w", err)
	}
	for _, f := range families {
		switch f.GetName() {
		case "process_start_time_seconds", "process_max_fds", "process_virtual_memory_max_bytes":
			desc := prometheus.NewDesc(f.GetName(), f.GetHelp(), nil, nil)
			p.constant = append(p.constant, prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, f.GetMetric()[0].GetGauge().GetValue()))
		}
	}
	return p, nil
}

// Describe names the metrics.
func (p *process) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.cpu, p.virtual, p.resident, p.files} {
		to <- d
	}
	for _, m := range p.constant {
		to <- m.Desc()
	}
}

// Collect reads the metrics. What cannot be read is left out, as the library's collector does.
func (p *process) Collect(to chan<- prometheus.Metric) {
	for _, m := range p.constant {
		to <- m
	}
	if stat, err := readStat(); err == nil {
		to <- prometheus.MustNewConstMetric(p.cpu, prometheus.CounterValue, stat.ticks/userHZ)
		to <- prometheus.MustNewConstMetric(p.virtual, prometheus.GaugeValue, stat.virtual)
		to <- prometheus.MustNewConstMetric(p.resident, prometheus.GaugeValue, stat.pages*p.pageSize)
	}
	if n, err := openFiles(); err == nil {
		to <- prometheus.MustNewConstMetric(p.files, prometheus.GaugeValue, float64(n))
	}
}

// stat is what we take from /proc/self/stat: processor time in clock ticks, bytes of address space, resident pages.
type stat struct{ ticks, virtual, pages float64 }

// readStat counts fields as proc_pid_stat(5) does, from behind the name in parentheses, which is the second.
func readStat() (stat, error) {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return stat{}, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 22 {
		return stat{}, os.ErrInvalid
	}
	number := func(n int) float64 {
		x, _ := strconv.ParseFloat(string(fields[n-3]), 64) // the kernel writes numbers there
		return x
	}
	return stat{ticks: number(14) + number(15), virtual: number(23), pages: number(24)}, nil
}

// openFiles counts the open files: since Linux 6.2 that is the size of the folder, before it is 0 and the names are counted.
func openFiles() (int, error) {
	info, err := os.Stat("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	if info.Size() > 0 {
		return int(info.Size()), nil
	}
	folder, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	return len(names), err
}
