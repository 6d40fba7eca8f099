// Package scenarios holds the shop's scenarios to what all of them owe their readers.
package scenarios

import (
	"os"
	"slices"
	"strings"
	"testing"

	"stormglass/chaos/fault"
	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
)

// all reads every scenario of this folder.
func all(t *testing.T) []*scenario.Scenario {
	t.Helper()
	paths, err := system.YAMLFiles(".")
	if err != nil {
		t.Fatalf("find scenarios: %v", err)
	}
	var found []*scenario.Scenario
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenario.Parse(path, source)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, s)
	}
	return found
}

func TestWhoeverClaimsThatAFaultIsSurvivedSaysWhatWasAtRisk(t *testing.T) {
	for _, s := range all(t) {
		if s.Verdict == scenario.Pass && len(s.Faults) > 0 && s.Risk == "" {
			t.Errorf("%s has no risk: it would pass though no order was under way when the fault struck", s.Path)
		}
	}
}

func TestANegativeControlSaysForWhichReasonItMustNotPass(t *testing.T) {
	for _, s := range all(t) {
		if s.Verdict != scenario.Pass && s.Reason == "" {
			t.Errorf("%s must give %s and does not say for which reason: any other failure would satisfy it", s.Path, s.Verdict)
		}
	}
}

func TestEachFileTeachesBeforeItClaims(t *testing.T) {
	claims := map[string]string{}
	for _, s := range all(t) {
		if lines := strings.Split(string(s.Source), "\n"); len(lines) < 3 || !strings.HasPrefix(lines[1], "# ") {
			t.Errorf("%s does not begin with what is dangerous about this", s.Path)
		}
		if other := claims[s.Claim]; other != "" {
			t.Errorf("%s claims what %s claims", s.Path, other)
		}
		claims[s.Claim] = s.Path
		if want := s.Name + ".yaml"; s.Path != want {
			t.Errorf("%s is named %s: a scenario has its file's name", s.Path, s.Name)
		}
	}
}

func TestEveryFaultAndEveryVerdictIsInTheSuite(t *testing.T) {
	used := map[string]bool{}
	for _, s := range all(t) {
		used[string(s.Verdict)] = true
		for _, f := range s.Faults {
			used[f.Do] = true
		}
	}
	var wanted []string
	for _, kind := range fault.Kinds() {
		wanted = append(wanted, kind.Name)
	}
	for _, v := range scenario.Verdicts() {
		wanted = append(wanted, string(v))
	}
	for _, word := range wanted {
		if !used[word] {
			t.Errorf("no scenario has %s; there are %v", word, slices.Sorted(func(yield func(string) bool) {
				for w := range used {
					if !yield(w) {
						return
					}
				}
			}))
		}
	}
}
