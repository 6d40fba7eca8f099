package run

import (
	"slices"

	"stormglass/chaos/fault"
	"stormglass/chaos/scenario"
)

// What makes a scenario one that takes most of a machine for a while.
const (
	manyVisits    = 100 // in a load spike or a probe
	manyInstances = 5   // besides one of each unit
)

// order gives the indexes of jobs as they begin: in the order given, but with those that take most of the machine spread
// out evenly. Two of these side by side would leave the others too little to be steady.
func order(jobs []job) []int {
	var heavy, light []int
	for i, j := range jobs {
		if isHeavy(j.scenario) {
			heavy = append(heavy, i)
		} else {
			light = append(light, i)
		}
	}
	begin := make([]int, 0, len(jobs))
	for k, i := range heavy {
		for len(begin) < (2*k+1)*len(jobs)/(2*len(heavy)) {
			begin, light = append(begin, light[0]), light[1:]
		}
		begin = append(begin, i)
	}
	return append(begin, light...)
}

func isHeavy(s *scenario.Scenario) bool {
	more := 0
	for _, n := range s.Instances {
		more += n - 1
	}
	return saturates(s) || more >= manyInstances
}

// saturates says whether a scenario sends more than its system can do, for a while: a load spike, or a probe of its capacity. Beside
// it others would get next to nothing, and what it finds would depend on them.
func saturates(s *scenario.Scenario) bool {
	return slices.ContainsFunc(s.Faults, func(f fault.Spec) bool { return f.Visits >= manyVisits })
}

// needsAll says whether nothing else may run beside a scenario.
func needsAll(s *scenario.Scenario) bool { return s.Alone || saturates(s) }
