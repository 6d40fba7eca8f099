package evidence

import (
	"time"

	"stormglass/chaos/load"
	"stormglass/chaos/strain"
	"stormglass/chaos/system"
)

// The phases of a run, in order.
const (
	Boot    = "boot"
	Prepare = "prepare"
	Warmup  = "warmup"
	Steady  = "steady"  // nothing is broken; the baseline
	Fault   = "fault"   // from the first fault's start to the last one's end; absent when there are no faults
	Recover = "recover" // load goes on
	Drain   = "drain"   // no new visits
	Collect = "collect"
)

// Run is run.json: what ran, when, and how.
type Run struct {
	Name     string `json:"name"`
	Seed     uint64 `json:"seed"`
	Version  string `json:"version"`
	Platform string `json:"platform"`
	Tier     string `json:"tier"`

	Machine strain.Machine `json:"machine"` // what the harness ran on
	Try     int            `json:"try"`     // 1, or more when an earlier try could not be judged

	Phases []Phase `json:"phases"`
	Load   Load    `json:"load"`

	Capacity *Capacity `json:"capacity,omitempty"` // what load spikes went by; nil where nothing asked for it

	Settings  map[string]map[string]string `json:"settings,omitempty"`  // unit → settings that the scenario changed, such as shortened timers
	Instances map[string]int               `json:"instances,omitempty"` // unit → how many, where not one
	Telemetry map[string]string            `json:"telemetry"`           // how the system's metrics answer the short forms
	Report    []system.Chart               `json:"report,omitempty"`    // what a report draws of the system's metrics

	// Held says since when each awaited expectation has held without a break, by the expectation's own words.
	Held map[string]time.Time `json:"held,omitempty"`
	// AtWork says that the system still changed when the wait for it ended, so that what its parts say need not fit together.
	AtWork bool `json:"at_work,omitempty"`
	// Uncollected says why an audit or books are not there, by instance or company.
	Uncollected map[string]string `json:"uncollected,omitempty"`
	// Failures are the harness's own: each makes the run INVALID.
	Failures []string `json:"failures,omitempty"`
	// TimedOut says that the first of them was a step that took longer than it may, such as booting: on a machine whose processors
	// others took, that says nothing of the system or the harness.
	TimedOut bool `json:"timed_out,omitempty"`
}

// Phase is one stretch of the run.
type Phase struct {
	Name  string    `json:"name"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Seconds is how long it took.
func (p Phase) Seconds() float64 { return p.End.Sub(p.Start).Seconds() }

// Has reports whether t lies in the phase, its end excluded.
func (p Phase) Has(t time.Time) bool { return !t.Before(p.Start) && t.Before(p.End) }

// Load says what the load generator did.
type Load struct {
	Shoppers string        `json:"shoppers"`
	Rate     float64       `json:"rate"` // visits per second
	Visits   int           `json:"visits"`
	Dropped  int           `json:"dropped"` // visits that did not start because too many were open: the run is INVALID
	MaxLag   time.Duration `json:"max_lag"` // longest time by which the harness itself started a visit late, in nanoseconds
}

// Capacity is how many operations a second the system accepts, as load spikes took it.
type Capacity struct {
	PerSecond float64 `json:"per_second"`
	Given     bool    `json:"given,omitempty"` // with the command, in the place of what the probe measured
}

// Phase finds a phase by name; the zero Phase and false when the run did not have it.
func (r Run) Phase(name string) (Phase, bool) {
	for _, p := range r.Phases {
		if p.Name == name {
			return p, true
		}
	}
	return Phase{}, false
}

// Struck is when the first fault hit; the zero time when there were none.
func (r Run) Struck() time.Time {
	fault, _ := r.Phase(Fault)
	return fault.Start
}

// During picks the operations that were intended within the phase.
func During(ops []load.Operation, p Phase) []load.Operation {
	var in []load.Operation
	for _, op := range ops {
		if p.Has(op.Intended) {
			in = append(in, op)
		}
	}
	return in
}
