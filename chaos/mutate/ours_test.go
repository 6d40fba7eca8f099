package mutate_test

import (
	"testing"

	"stormglass/chaos/mutate"
)

func TestEveryMutantFitsTheSourceAsItIs(t *testing.T) {
	all, err := mutate.Load("../../scenarios/mutants")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if _, err := m.Apply("../..", t.TempDir()); err != nil {
			t.Error(err)
		}
	}
}
