package run

import (
	"slices"
	"testing"

	"stormglass/chaos/fault"
	"stormglass/chaos/scenario"
)

func TestHeavyScenariosAreSpreadOutAndThoseThatNeedAllComeLast(t *testing.T) {
	light := &scenario.Scenario{Faults: []fault.Spec{{Do: fault.CrowdName, Visits: manyVisits - 1}}, Instances: map[string]int{"a": 2}}
	crowd := &scenario.Scenario{Faults: []fault.Spec{{Do: fault.CrowdName, Visits: manyVisits}}}
	doubled := &scenario.Scenario{Instances: map[string]int{"a": 2, "b": 2, "c": 2, "d": 2, "e": 2}}
	l, c, d := job{scenario: light}, job{scenario: crowd}, job{scenario: doubled}
	for _, given := range []struct {
		jobs []job
		want []int
	}{
		{nil, nil},
		{[]job{l, l, l}, []int{0, 1, 2}},
		{[]job{d, d}, []int{0, 1}},
		{[]job{d, d, l, l, l, l}, []int{2, 0, 3, 4, 1, 5}},
		{[]job{l, l, l, l, l, d}, []int{0, 1, 2, 5, 3, 4}},
		{[]job{c, l, l, c, d, l}, []int{1, 2, 4, 5, 0, 3}},
	} {
		if got := order(given.jobs); !slices.Equal(got, given.want) {
			t.Errorf("got %v, want %v", got, given.want)
		}
	}
}

func TestALoadSpikeHasTheMachineToItself(t *testing.T) {
	for name, c := range map[string]struct {
		s    scenario.Scenario
		want bool
	}{
		"an ordinary scenario": {scenario.Scenario{}, false},
		"one that says so":     {scenario.Scenario{Alone: true}, true},
		"a small crowd":        {scenario.Scenario{Faults: []fault.Spec{{Do: fault.CrowdName, Visits: manyVisits - 1}}}, false},
		"a load spike":         {scenario.Scenario{Faults: []fault.Spec{{Do: "delay"}, {Do: fault.CrowdName, Visits: manyVisits}}}, true},
		"a probe":              {scenario.Scenario{Faults: []fault.Spec{{Do: fault.ProbeName, Visits: manyVisits}}}, true},
		"many processes":       {scenario.Scenario{Instances: map[string]int{"a": 9}}, false},
	} {
		if got := needsAll(&c.s); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
