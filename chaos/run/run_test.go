package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/run"
	"stormglass/chaos/run/runtest"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
	"stormglass/internal/await"
)

func TestMain(m *testing.M) {
	runtest.Main()
	os.Exit(m.Run())
}

func options(t *testing.T) run.Options {
	return run.Options{
		System: runtest.System(t), Registry: runtest.Registry(), Bin: runtest.Bin(t), Guard: runtest.Guard(t),
		Out: t.TempDir(), Seed: 11, Jobs: 3, Progress: func(name, format string, args ...any) { t.Logf(name+": "+format, args...) },
	}
}

func TestEachVerdictIsGivenToTheRunThatDeservesIt(t *testing.T) {
	var scenarios []*scenario.Scenario
	for _, name := range []string{"bank-dark", "calm", "orders-lost", "idle-link", "unsteady", "desk-dies", "bank-killed", "slow-desk", "desk-at-work"} {
		scenarios = append(scenarios, runtest.Scenario(t, name))
	}
	o := options(t)
	var done []string
	suite, err := run.All(t.Context(), scenarios, o, func(r run.Result) { done = append(done, r.Scenario.Name) })
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Results) != len(scenarios) || len(done) != len(scenarios) {
		t.Fatalf("got %d results and word of %d, want %d of each", len(suite.Results), len(done), len(scenarios))
	}
	for i, r := range suite.Results {
		if r.Verdict.Name != scenarios[i].Name {
			t.Errorf("result %d: got %s, want %s: results keep the order of the scenarios", i, r.Verdict.Name, scenarios[i].Name)
		}
		if !r.Verdict.AsExpected() {
			t.Errorf("%s: got %s, want %s\n%s", r.Verdict.Name, r.Verdict.Verdict, r.Verdict.Expected, dump(t, r.Verdict))
		}
		again, err := verdict.Judge(r.Folder, o.Registry)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := dump(t, again), dump(t, r.Verdict); got != want {
			t.Errorf("%s: judged again from its folder:\ngot  %s\nwant %s", r.Verdict.Name, got, want)
		}
	}
	if want := "desk-1 ended though nobody asked"; !strings.Contains(strings.Join(suite.Results[5].Verdict.Reasons, "\n"), want) {
		t.Errorf("desk-dies: got reasons %q, want one that says %q", suite.Results[5].Verdict.Reasons, want)
	}
	if got := suite.Results[2].Verdict; !strings.Contains(strings.Join(got.Reasons, "\n"), "all-charged") {
		t.Errorf("orders-lost: got reasons %q, want the broken invariant", got.Reasons)
	}
	for _, file := range []string{"scenario.yaml", "run.json", "faults.json", "history.jsonl", "metrics", "traces.jsonl", "logs/desk-1.log", "audit/desk-1.json", "books/bank.json", "verdict.json"} {
		if _, err := os.Stat(filepath.Join(suite.Results[0].Folder, file)); err != nil {
			t.Errorf("evidence: %v", err)
		}
	}
}

func TestACrowdAndAnActAreMeasuredAndJudged(t *testing.T) {
	suite, err := run.All(t.Context(), []*scenario.Scenario{runtest.Scenario(t, "crowded")}, options(t), func(run.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	v := suite.Results[0].Verdict
	if !v.AsExpected() {
		t.Errorf("got %s, want %s\n%s", v.Verdict, v.Expected, dump(t, v))
	}
	if crowd := v.Doses[0]; crowd.Measures["visits_started"] != 40 || crowd.Target != "buyer" {
		t.Errorf("dose of the crowd: got %+v, want 40 visits of buyer", crowd)
	}
	if act := v.Doses[1]; act.Measures["things_done"] != 1 || act.Target != "knock" {
		t.Errorf("dose of the act: got %+v, want one thing done by knock", act)
	}
	if v.Load.Visits < 40+40 {
		t.Errorf("got %d visits, want those of the crowd beside the usual ones", v.Load.Visits)
	}
}

func TestALoadSpikeIsAMultipleOfWhatTheProbeFoundOrOfWhatWasGiven(t *testing.T) {
	const given = 40
	for name, capacity := range map[string]float64{"measured": 0, "given": given} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.Capacity = capacity
			suite, err := run.All(t.Context(), []*scenario.Scenario{runtest.Scenario(t, "spiked")}, o, func(run.Result) {})
			if err != nil {
				t.Fatal(err)
			}
			v := suite.Results[0].Verdict
			if !v.AsExpected() {
				t.Errorf("got %s, want %s\n%s", v.Verdict, v.Expected, dump(t, v))
			}
			probe, spike := v.Doses[0].Measures, v.Doses[1].Measures
			want := probe["accepted_per_second"]
			if probe["accepted"] == 0 || want == 0 {
				t.Fatalf("the probe measured %v, want orders that were accepted", probe)
			}
			if capacity > 0 {
				want = given
			}
			if spike["capacity_per_second"] != want || spike["visits_asked"] != math.Ceil(2*want*0.5) || spike["visits_started"] != spike["visits_asked"] {
				t.Errorf("the spike measured %v, want twice %v a second, for half a second", spike, want)
			}
			kept, err := evidence.Open(suite.Results[0].Folder)
			if err != nil {
				t.Fatal(err)
			}
			if got := kept.Run.Capacity; got == nil || got.PerSecond != want || got.Given != (capacity > 0) {
				t.Errorf("run.json: got capacity %+v, want %v a second, %s", got, want, name)
			}
		})
	}
}

func TestAFolderThatWasChangedIsJudgedByWhatItHoldsNow(t *testing.T) {
	o := options(t)
	suite, err := run.All(t.Context(), []*scenario.Scenario{runtest.Scenario(t, "calm")}, o, func(run.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	books := filepath.Join(suite.Results[0].Folder, "books", "bank.json")
	if err := os.WriteFile(books, []byte(`{"charges":{}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := verdict.Judge(suite.Results[0].Folder, o.Registry); err != nil || got.Verdict != scenario.Fail {
		t.Errorf("with the bank's books emptied: got %s, %v, want FAIL", got.Verdict, err)
	}
	if err := os.Remove(books); err != nil {
		t.Fatal(err)
	}
	if got, err := verdict.Judge(suite.Results[0].Folder, o.Registry); err != nil || got.Verdict != scenario.Inconclusive {
		t.Errorf("with the bank's books removed: got %s, %v, want INCONCLUSIVE", got.Verdict, err)
	}
}

func TestAnInterruptedRunUndoesEverythingAndSaysWhy(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	o := options(t)
	var once sync.Once
	o.Progress = func(_, format string, args ...any) {
		if len(args) > 0 && args[0] == "fault" {
			once.Do(func() { time.AfterFunc(200*time.Millisecond, func() { cancel(enough) }) })
		}
	}
	suite, err := run.All(ctx, []*scenario.Scenario{runtest.Scenario(t, "bank-dark")}, o, func(run.Result) {})
	if !errors.Is(err, enough) || len(suite.Results) != 0 {
		t.Errorf("got %d results and error %v, want none and the cause", len(suite.Results), err)
	}
	if left := processesOf(t, o.Bin); len(left) > 0 {
		t.Errorf("processes left: %v", left)
	}
}

func TestASystemThatDoesNotBootGivesAnInvalidRun(t *testing.T) {
	s := runtest.Scenario(t, "calm")
	s.Settings = map[string]map[string]string{"desk": {"EXIT_AFTER": "soon"}}
	suite, err := run.All(t.Context(), []*scenario.Scenario{s}, options(t), func(run.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	if got := suite.Results[0].Verdict; got.Verdict != scenario.Invalid || !strings.Contains(strings.Join(got.Reasons, "\n"), "desk-1") {
		t.Errorf("got %s because %q, want INVALID because of desk-1", got.Verdict, got.Reasons)
	}
}

func TestEachScenarioHasASeedOfItsOwn(t *testing.T) {
	if run.SeedOf(1, "a") != run.SeedOf(1, "a") {
		t.Error("one seed and one name gave two seeds")
	}
	seeds := []uint64{run.SeedOf(1, "a"), run.SeedOf(2, "a"), run.SeedOf(1, "b")}
	slices.Sort(seeds)
	if len(slices.Compact(seeds)) != 3 {
		t.Errorf("got %v, want three different seeds", seeds)
	}
}

func dump(t *testing.T, v verdict.Verdict) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// processesOf lists the processes that were started from a folder.
func processesOf(t *testing.T, bin string) []string {
	t.Helper()
	list, err := exec.Command("ps", "-axo", "pid,args").Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(list)) {
		if strings.Contains(line, bin) {
			found = append(found, line)
		}
	}
	return found
}

func TestEachRepeatHasAFolderAndASeedOfItsOwn(t *testing.T) {
	o := options(t)
	o.Repeat = 2
	suite, err := run.All(t.Context(), []*scenario.Scenario{runtest.Scenario(t, "idle-link")}, o, func(run.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Results) != 2 {
		t.Fatalf("got %d results, want 2", len(suite.Results))
	}
	first, second := suite.Results[0], suite.Results[1]
	if first.Round != 1 || second.Round != 2 || first.Folder == second.Folder || first.Verdict.Seed == second.Verdict.Seed {
		t.Errorf("got rounds %d and %d in %s and %s with seeds %d and %d", first.Round, second.Round, first.Folder, second.Folder, first.Verdict.Seed, second.Verdict.Seed)
	}
	if want := run.SeedOf(o.Seed, "idle-link"); first.Verdict.Seed != want {
		t.Errorf("the first round has seed %d, want %d, as a run without repeats", first.Verdict.Seed, want)
	}
}

func TestFailFastBeginsNoMore(t *testing.T) {
	o := options(t)
	o.Jobs, o.FailFast = 1, true
	lost := runtest.Scenario(t, "orders-lost")
	lost.Verdict = scenario.Pass
	var begun []string
	var mu sync.Mutex
	o.Progress = func(name, _ string, _ ...any) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(begun, name) {
			begun = append(begun, name)
		}
	}
	// The verdict is held against what the evidence's copy of the file says.
	lost.Source = []byte(strings.Replace(string(lost.Source), "verdict: FAIL", "verdict: PASS", 1))
	suite, err := run.All(t.Context(), []*scenario.Scenario{lost, runtest.Scenario(t, "idle-link")}, o, func(run.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Results) != 1 || suite.Results[0].Verdict.AsExpected() || !slices.Equal(begun, []string{"orders-lost"}) {
		t.Errorf("got %d results, begun were %v, want only orders-lost, which is not as expected", len(suite.Results), begun)
	}
}

func TestAScenarioThatIsAloneHasNoOtherBesideIt(t *testing.T) {
	o := options(t)
	alone := runtest.Scenario(t, "calm")
	alone.Alone = true
	var mu sync.Mutex
	under := map[string]bool{}
	var beside []string
	o.Progress = func(name, format string, _ ...any) {
		mu.Lock()
		defer mu.Unlock()
		under[name] = true
		if under["calm"] && len(under) > 1 {
			beside = append(beside, name)
		}
	}
	all := []*scenario.Scenario{runtest.Scenario(t, "idle-link"), alone, runtest.Scenario(t, "bank-dark")}
	_, err := run.All(t.Context(), all, o, func(r run.Result) {
		mu.Lock()
		defer mu.Unlock()
		delete(under, r.Scenario.Name)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(beside) > 0 {
		t.Errorf("beside it there were %v", beside)
	}
}

func TestOneScenarioAtATimeStartsItsSystem(t *testing.T) {
	o := options(t)
	var mu sync.Mutex
	starting, most, whole := map[string]bool{}, 0, 0
	o.Progress = func(name, format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		switch fmt.Sprintf(format, args...) {
		case "boot":
			starting[name] = true
		case "warmup":
			delete(starting, name)
			whole++
		}
		most = max(most, len(starting))
	}
	all := []*scenario.Scenario{runtest.Scenario(t, "idle-link"), runtest.Scenario(t, "calm"), runtest.Scenario(t, "bank-dark")}
	if _, err := run.All(t.Context(), all, o, func(run.Result) {}); err != nil {
		t.Fatal(err)
	}
	if most != 1 || whole != len(all) {
		t.Errorf("%d started at once, and %d came to their first visitor; want 1 and %d", most, whole, len(all))
	}
}

func TestAPlaceIsFreeOnceTheLoadHasEnded(t *testing.T) {
	all := []*scenario.Scenario{runtest.Scenario(t, "idle-link"), runtest.Scenario(t, "calm"), runtest.Scenario(t, "bank-dark")}
	for _, c := range []struct{ jobs, draining int }{{1, 0}, {2, 1}} {
		o := options(t)
		o.Jobs = c.jobs
		var mu sync.Mutex
		phase, began := map[string]string{}, map[string]bool{}
		busy, draining := 0, 0
		o.Progress = func(name, format string, args ...any) {
			text := fmt.Sprintf(format, args...)
			if !slices.Contains([]string{"boot", "drain", "collect"}, text) {
				return
			}
			mu.Lock()
			before := len(began)
			mu.Unlock()
			if text == "collect" && c.jobs > 1 && before < len(all) {
				// However busy the machine is, a drain is not over before another scenario had the time to begin.
				await.True(t, "another scenario that begins while this one is drained", func() bool {
					mu.Lock()
					defer mu.Unlock()
					return draining >= c.draining
				})
			}
			mu.Lock()
			defer mu.Unlock()
			phase[name] = text
			began[name] = true
			begun, over := 0, 0
			for _, p := range phase {
				switch p {
				case "boot":
					begun++
				case "drain":
					over++
				}
			}
			busy = max(busy, begun)
			if text == "boot" {
				draining = max(draining, over)
			}
		}
		_, err := run.All(t.Context(), all, o, func(r run.Result) {
			mu.Lock()
			defer mu.Unlock()
			delete(phase, r.Scenario.Name)
		})
		if err != nil {
			t.Fatal(err)
		}
		if busy > c.jobs || draining < c.draining || c.jobs == 1 && draining > 0 {
			t.Errorf("%d at a time: %d were busy at once, and %d were still drained when another began", c.jobs, busy, draining)
		}
	}
}
