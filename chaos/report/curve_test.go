package report

import (
	"bytes"
	"strings"
	"testing"

	"stormglass/chaos/evidence"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

func TestMissesAreCountedByHowStrainedTheRunsWere(t *testing.T) {
	strained := func(v scenario.Verdict, slowdown, late float64) run.Result {
		r := result(v, scenario.Pass)
		r.Verdict.Strain = []verdict.PhaseStrain{
			{Phase: evidence.Boot, Slowdown: 99, Late: 999}, // booting takes all of a machine, and nothing is judged in it
			{Phase: evidence.Steady, Slowdown: slowdown, Late: late},
		}
		return r
	}
	out := t.TempDir()
	calm, busy := strained(scenario.Pass, 0.5, 3), strained(scenario.Fail, 20, 120)
	calm.Verdict.Invariants = nil
	if err := Files(out, 9, run.Suite{Results: []run.Result{calm, busy, result(scenario.Pass, scenario.Pass)}}); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := Curve(&got, []string{out}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 0 to 1 | 1 | 0 | 0 % | 0 |", "| 16 to 32 | 1 | 1 | 100 % | 1 |", "| 0 ms to 20 ms | 1 | 0 | 0 % | 0 |", "| 100 ms to 150 ms | 1 | 1 | 100 % | 1 |", "| 2 to 4 | 0 | 0 | – | 0 |"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("got\n%s\nwant %q in it: runs without strain are left out", &got, want)
		}
	}
}
