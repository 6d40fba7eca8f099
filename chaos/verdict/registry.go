// Package verdict judges a run by its evidence folder, and by nothing else.
package verdict

import (
	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
)

// Registry is what one system brings to the harness: who visits it, what is measured of the visits, and what must be
// true of it. It is an explicit list; nothing registers itself.
type Registry struct {
	Shoppers []Shopper
	Signals  []Signal
	Checks   []Check
	Tour     load.Tour // for `stormglass up`; may be nil
	Workload *Workload // for `stormglass bench`; may be nil
}

// Workload is what `stormglass bench` drives a system with, and how it counts what comes of that.
type Workload struct {
	Shopper   string // who is sent, one visit for each arrival
	Operation string // which of their operations is measured
	Thing     string // what an accepted operation begins, such as order
	What      string // what one operation does exactly, for whoever reads the figures

	// Begun and Finished are PromQL: how many things the system has begun so far, and how many it has brought to the end
	// that they are meant for.
	Begun, Finished string
}

// Shopper makes one kind of visitor. New is called once for each run.
type Shopper struct {
	Name, Doc string
	New       func() load.Shopper
}

// Signal is a number measured over operations, such as the share of checkouts that were accepted.
type Signal struct {
	Name, Doc string
	Unit      string // of the value, such as ratio or seconds

	// Func measures operations, all of those intended within one phase and whatever their name. samples is how many of
	// them the value rests on; with 0 the value means nothing.
	Func func(ops []load.Operation) (value float64, samples int)
}

// Check looks at the end state, the history and the companies' books for what must be true. A check may also be named
// as a scenario's `risk`: then its Compared says how many objects were in the risky state when the fault struck (see
// evidence.Run.Struck), and none is INCONCLUSIVE.
type Check struct {
	Name, Doc string
	Invariant bool // looked at after every scenario without being named
	Min       int  // fewest objects that must have been compared; 0 means 1

	Func func(*evidence.Folder) Result
}

// Result is what a check found.
type Result struct {
	Holds    bool
	Compared int      // objects that were compared; too few is INCONCLUSIVE and never a pass
	Measured string   // one line: what was seen
	Broken   []string // up to 10 examples of what is wrong

	// Inconclusive, when not empty, says why nobody could look, such as an audit that was not collected.
	Inconclusive string
}
