package strain

import "runtime"

// Machine is what the harness runs on.
type Machine struct {
	Processor  string  `json:"processor"`       // its model, as the system names it
	Processors int     `json:"processors"`      // that the harness may run on
	Quota      float64 `json:"quota,omitempty"` // processors that a cgroup leaves to it; none where there is no quota
	Measured   bool    `json:"measured"`        // the system tells who has the processors; elsewhere only lateness tells of strain
}

// Here describes this machine.
func Here() Machine {
	probe := newProbe()
	defer probe.close()
	r := probe.read(false)
	return Machine{Processor: processorName(), Processors: r.allowed, Quota: r.quota, Measured: r.measured}
}

// unnamed is a processor of which the system tells no model.
func unnamed() string { return runtime.GOARCH }
