package run

import (
	"slices"

	"stormglass/chaos/fault"
	"stormglass/chaos/scenario"
)

const (
	// manyVisits in a load spike or a probe are more than a system can do at once.
	manyVisits = 100
	// manyInstances besides one of each unit take most of a machine.
	manyInstances = 5
)

// order gives the indexes of jobs as they begin: in the order given, but with those that take most of the machine spread
// out evenly, since two of these side by side would leave the others too little to be steady; and at the end, one after the other,
// those beside which nothing may run, so that the machine has to become free for them only once.
func order(jobs []job) []int {
	var heavy, light, exclusive []int
	for i, j := range jobs {
		switch {
		case needsAll(j.scenario):
			exclusive = append(exclusive, i)
		case isHeavy(j.scenario):
			heavy = append(heavy, i)
		default:
			light = append(light, i)
		}
	}
	beside := len(heavy) + len(light)
	begin := make([]int, 0, len(jobs))
	for k, i := range heavy {
		for len(begin) < (2*k+1)*beside/(2*len(heavy)) {
			begin, light = append(begin, light[0]), light[1:]
		}
		begin = append(begin, i)
	}
	return slices.Concat(begin, light, exclusive)
}

func isHeavy(s *scenario.Scenario) bool {
	more := 0
	for _, n := range s.Instances {
		more += n - 1
	}
	return more >= manyInstances
}

// saturates says whether a scenario sends more than its system can do, for a while: a load spike, or a probe of its capacity. Beside
// it others would get next to nothing, and what it finds would depend on them.
func saturates(s *scenario.Scenario) bool {
	return slices.ContainsFunc(s.Faults, func(f fault.Spec) bool { return f.Visits >= manyVisits })
}

// needsAll says whether nothing else may run beside a scenario.
func needsAll(s *scenario.Scenario) bool { return s.Alone || saturates(s) }
