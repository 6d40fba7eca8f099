package bench

import (
	"runtime"
	"slices"
)

// Report is what was measured. Times are in milliseconds where a name says MS and in seconds otherwise, memory in units
// of 10^6 bytes.
type Report struct {
	System   string   `json:"system"`
	Platform string   `json:"platform"`
	Cores    int      `json:"cores"`
	Workload string   `json:"workload"` // what one operation does
	Thing    string   `json:"thing"`    // what an accepted operation begins
	Setup    []string `json:"setup"`    // how it was measured

	Steady   *Stretch  `json:"steady,omitempty"`
	Burst    *Stretch  `json:"burst,omitempty"`
	Knee     *Stretch  `json:"knee,omitempty"`     // the highest rate that held
	Search   []Stretch `json:"search,omitempty"`   // every rate that was tried
	Overload *Stretch  `json:"overload,omitempty"` // twice the knee's rate
	Goodput  float64   `json:"goodput,omitempty"`  // of the overload, as a share of the knee's

	MemoryMB map[string]float64 `json:"memory_mb"` // proportional set size by process, the most seen after any profile
	SumMB    float64            `json:"sum_mb"`    // of all processes together, the most seen after any profile
	TraceMB  float64            `json:"trace_mb"`  // spans that were sent and counted
}

// Stretch is one rate held for a while, and everything that came of it.
type Stretch struct {
	Name    string  `json:"name"`
	Rate    float64 `json:"rate"`    // operations sent a second
	Seconds float64 `json:"seconds"` // for how long

	Sent     int `json:"sent"`
	Accepted int `json:"accepted"`
	Refused  int `json:"refused"` // turned away at once: 429 and 503
	Failed   int `json:"failed"`  // any other answer but success
	Unknown  int `json:"unknown"` // no answer in time
	Short    int `json:"short"`   // not sent, because the harness fell short

	Why map[int]string `json:"why,omitempty"` // what the first answer of each status said that was no success; 0: no answer

	P50MS float64 `json:"p50_ms"` // of accepted operations, from the intended arrival
	P99MS float64 `json:"p99_ms"`

	Finished     int     `json:"finished"`
	Stuck        int     `json:"stuck"`          // accepted and not finished when the wait was given up
	AcceptRate   float64 `json:"accept_rate"`    // accepted a second while the load lasted
	GoodRate     float64 `json:"good_rate"`      // of these, what was finished in the end
	FinishRate   float64 `json:"finish_rate"`    // finished a second, from the first arrival to the last finish
	WorkedOff    float64 `json:"worked_off_s"`   // from the end of the load to the last finish
	CPUMS        float64 `json:"cpu_ms"`         // processor time for each that was finished, all processes, the wait included
	HarnessCPUMS float64 `json:"harness_cpu_ms"` // the same of the load generator, the scraper and the trace receiver

	ProcessCPUMS map[string]float64 `json:"process_cpu_ms"`
}

// Holds says whether the stretch is below the knee: everything sent, accepted and finished, and p99 within the limit.
func (s Stretch) Holds() bool {
	return s.Accepted > 0 && s.Accepted == s.Sent && s.Short == 0 && s.Stuck == 0 && s.P99MS <= kneeP99MS
}

// Sound says whether everything that was accepted was finished, in every stretch.
func (r Report) Sound() bool {
	all := slices.Clone(r.Search)
	for _, s := range []*Stretch{r.Steady, r.Burst, r.Overload} {
		if s != nil {
			all = append(all, *s)
		}
	}
	return !slices.ContainsFunc(all, func(s Stretch) bool { return s.Stuck > 0 })
}

func (r *rig) report() Report {
	return Report{
		System: r.Options.System.Name, Platform: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(), Cores: runtime.NumCPU(),
		Workload: r.workload.What, Thing: r.workload.Thing,
		Setup: []string{
			"one process of each unit on this machine, the load generator beside them; no proxies, databases without their link",
			"everything durable: as the system's file says, nothing is overridden",
			"metrics scraped every 500 ms; every trace is sent by OTLP and by Jaeger's Thrift to a receiver in the harness that counts bytes and drops them",
			"open model: latency counts from the intended arrival, of accepted operations only; processor time includes what runs anyway",
		},
		MemoryMB: map[string]float64{},
	}
}

// weigh notes what the processes hold in memory now, where it is more than before.
func (r *rig) weigh(report *Report) error {
	memory, err := r.cell.PSS()
	if err != nil {
		return err
	}
	var sum float64
	for name, bytes := range memory {
		sum += float64(bytes) / 1e6
		report.MemoryMB[name] = max(report.MemoryMB[name], float64(bytes)/1e6)
	}
	report.SumMB = max(report.SumMB, sum)
	return nil
}
