package run

import (
	"slices"
	"testing"

	"stormglass/chaos/fault"
	"stormglass/chaos/scenario"
)

func TestWhatTakesMostOfTheMachineIsSpreadOut(t *testing.T) {
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
		{[]job{c, d}, []int{0, 1}},
		{[]job{c, d, l, l, l, l}, []int{2, 0, 3, 4, 1, 5}},
		{[]job{l, l, l, l, l, d}, []int{0, 1, 2, 5, 3, 4}},
	} {
		if got := order(given.jobs); !slices.Equal(got, given.want) {
			t.Errorf("got %v, want %v", got, given.want)
		}
	}
}
