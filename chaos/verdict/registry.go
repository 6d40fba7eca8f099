// Package verdict judges a run by its evidence folder, and by nothing else.
package verdict

import (
	"context"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
)

// Registry is what one system brings to the harness: who visits it, what is measured of the visits, and what must be
// true of it. It is an explicit list; nothing registers itself.
type Registry struct {
	Shoppers []Shopper
	Signals  []Signal
	Checks   []Check
	Acts     []Act
	Tour     load.Tour // for `stormglass up`; may be nil
	Workload *Workload // for `stormglass bench`; may be nil

	// Timeline tells all that the evidence knows of one object; it may be nil. about is its id, or that of something that
	// belongs to it, or a sentence in which one of these stands, such as a broken check's example; with "" it is the object
	// whose story tells most. An object that is not known is ErrUnknownObject.
	Timeline func(f *evidence.Folder, about string) (Timeline, error)
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

// Act is something that a scenario can have done to the system though no link and no process is at fault: what a wrong
// program of somebody else's does, or an operator. Do does it once and says how many things it did.
type Act struct {
	Name, Doc string
	Do        func(ctx context.Context, site load.Site) (done int, err error)
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
	Timed     bool // that it never comes true may be a matter of time alone, such as orders cancelled at their deadline

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
