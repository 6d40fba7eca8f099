package scenario

import (
	"fmt"
	"slices"

	"stormglass/chaos/fault"
)

// UsesCapacity reports whether a load spike among these faults is a multiple of what a probe finds.
func UsesCapacity(faults []fault.Spec) bool {
	return slices.ContainsFunc(faults, func(f fault.Spec) bool { return f.Capacity != nil })
}

// capacity makes sure that there is one probe at most, and that it is over when what goes by it begins.
func (r *reader) capacity(faults []fault.Spec) {
	probe := -1
	for i, f := range faults {
		switch {
		case f.Do == fault.ProbeName && probe >= 0:
			r.at(fmt.Sprintf("faults[%d].do", i), "a second %s: expected one, so that it is plain whose figure counts", fault.ProbeName)
		case f.Do == fault.ProbeName:
			probe = i
		}
	}
	for i, f := range faults {
		if f.Capacity == nil || f.Do != fault.CrowdName {
			continue
		}
		path := fmt.Sprintf("faults[%d]", i)
		if probe < 0 {
			r.at(path+".capacity", "capacity: expected a %s before it, of whose figure it can be a multiple", fault.ProbeName)
			continue
		}
		if over := faults[probe].At + faults[probe].For; f.At < over {
			r.at(path+".at", "at: the %s is over at %v: expected a load spike that begins then or later, got %v", fault.ProbeName, over, f.At)
		}
	}
}
