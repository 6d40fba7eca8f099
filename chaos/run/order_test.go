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
	l, c, d := turn{scenario: light}, turn{scenario: crowd}, turn{scenario: doubled}
	for _, given := range []struct {
		turns []turn
		want  []int
	}{
		{nil, nil},
		{[]turn{l, l, l}, []int{0, 1, 2}},
		{[]turn{c, d}, []int{0, 1}},
		{[]turn{c, d, l, l, l, l}, []int{2, 0, 3, 4, 1, 5}},
		{[]turn{l, l, l, l, l, d}, []int{0, 1, 2, 5, 3, 4}},
	} {
		if got := order(given.turns); !slices.Equal(got, given.want) {
			t.Errorf("got %v, want %v", got, given.want)
		}
	}
}
