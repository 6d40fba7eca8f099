package verdict

import (
	"context"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/scenario"
	"stormglass/chaos/strain"
)

// taken gives a folder samples in which others took the processors between two seconds of the run, and nobody else did.
func taken(f *evidence.Folder, from, to float64) {
	for x := -5.0; x < 10; x += 0.1 {
		s := strain.Sample{End: at(x + 0.1), Length: 100, Cell: 40, Waited: 20, Harness: 10}
		if x >= from && x < to {
			s.Cell, s.Waited, s.Programs = 10, 800, 180
		}
		f.Strain = append(f.Strain, s)
	}
}

// spoil makes every operation of a stretch fail.
func spoil(f *evidence.Folder, from, to float64) {
	for i, op := range f.History {
		if !op.Intended.Before(at(from)) && op.Intended.Before(at(to)) {
			f.History[i].Outcome = load.Failed
		}
	}
}

func TestEachKindOfExpectationSaysWhetherStrainExcusesIt(t *testing.T) {
	seen := recorded{
		"depth q": curve{-4: 0, 1: 7, 7: 0}, "state a>b": curve{-4: 0, 3: 2, 7: 0}, "three": curve{-4: 3},
	}
	for name, c := range map[string]struct {
		phase string
		e     scenario.Expectation
		want  State
	}{
		"a share":                        {"during", scenario.Expectation{Signal: "success", AtLeast: bound(2)}, Strained},
		"too few operations":             {"during", scenario.Expectation{Signal: "success", AtLeast: bound(0), MinSamples: 9999}, Strained},
		"a recovery":                     {"after", scenario.Expectation{Signal: "success", AtLeast: bound(2), RecoversWithin: time.Second}, Strained},
		"a breaker that opens late":      {"during", scenario.Expectation{Breaker: "a -> b", OpensWithin: time.Second}, Strained},
		"a breaker that closes late":     {"after", scenario.Expectation{Breaker: "a -> b", ClosesWithin: time.Second}, Strained},
		"a backlog that does not grow":   {"during", scenario.Expectation{Backlog: "q", GrowsTo: bound(50)}, Strained},
		"a backlog that drains late":     {"after", scenario.Expectation{Backlog: "q", DrainedWithin: time.Second}, Strained},
		"a check that comes true late":   {"after", scenario.Expectation{Check: "tidy", Within: time.Second}, Strained},
		"a check that never comes true":  {"after", scenario.Expectation{Check: "wrong", Within: time.Hour}, Broken},
		"a query":                        {"during", scenario.Expectation{PromQL: "three", AtMost: bound(1)}, Broken},
		"a query that says so":           {"during", scenario.Expectation{PromQL: "three", AtMost: bound(1), StrainExcuses: true}, Strained},
		"a share that holds":             {"during", scenario.Expectation{Signal: "success", AtLeast: bound(0.9)}, Holds},
		"a query that holds":             {"during", scenario.Expectation{PromQL: "three", AtMost: bound(3), StrainExcuses: true}, Holds},
		"a question that cannot be put":  {"during", scenario.Expectation{PromQL: "nonsense(", AtMost: bound(3), StrainExcuses: true}, Unasked},
		"a baseline that is not steady":  {"steady", scenario.Expectation{Signal: "success", AtLeast: bound(2)}, Strained},
		"a query that never had a value": {"during", scenario.Expectation{PromQL: "none", AtMost: bound(3), StrainExcuses: true}, Strained},
	} {
		f := folder()
		taken(f, -4, 10)
		if got := judged(t, c.phase, c.e, f, seen); got.State != c.want {
			t.Errorf("%s on a strained machine: got %s (%s), want %s", name, got.State, got.Measured, c.want)
		}
		calm := folder()
		taken(calm, 0, 0)
		if got := judged(t, c.phase, c.e, calm, seen); got.State == Strained {
			t.Errorf("%s on a quiet machine: got it excused (%s)", name, got.Measured)
		}
	}
}

func TestACheckThatIsAMatterOfTimeIsExcusedThoughItNeverHolds(t *testing.T) {
	r := registry()
	r.Checks[3].Timed = true
	for _, strained := range []bool{true, false} {
		f := folder()
		if strained {
			taken(f, -4, 10)
		}
		q := query{Bench{Registry: r, Metrics: recorded{}, Scenario: &scenario.Scenario{}}, f, t.Context()}
		got := q.expectations("after", []scenario.Expectation{{Check: "wrong", Within: time.Hour}})[0]
		if (got.State == Strained) != strained {
			t.Errorf("strained %v: got %s", strained, got.State)
		}
	}
}

func TestOnlyStrainInAnExpectationsOwnWindowExcusesIt(t *testing.T) {
	share := scenario.Expectation{Signal: "success", AtLeast: bound(2)}
	for name, c := range map[string]struct {
		phase    string
		from, to float64
		want     State
	}{
		"in the baseline, for a claim during the fault": {"during", -4, -1, Broken},
		"in the fault, for the baseline":                {"steady", 1, 3, Broken},
		"in the fault, for what came after it":          {"after", 1, 3, Strained},
		"after recover, for a share in it":              {"after", 8.5, 10, Broken},
	} {
		f := folder()
		taken(f, c.from, c.to)
		if got := judged(t, c.phase, share, f, nil); got.State != c.want {
			t.Errorf("strain %s: got %s, want %s", name, got.State, c.want)
		}
	}
}

// weighed judges a scenario that the good folder passes, after some changes.
func weighed(ctx context.Context, change func(*scenario.Scenario, *evidence.Folder, *Registry)) Verdict {
	s, f, r := asked(), folder(), registry()
	change(s, f, &r)
	return Bench{Scenario: s, Registry: r, Metrics: recorded{}}.Verdict(ctx, f)
}

func TestWhatStrainLeavesOpenIsNeitherFailNorPass(t *testing.T) {
	lost := func(r *Registry) {
		r.Checks[0].Func = func(*evidence.Folder) Result { return Result{Compared: 3, Measured: "one lost"} }
	}
	for name, c := range map[string]struct {
		change func(*scenario.Scenario, *evidence.Folder, *Registry)
		want   scenario.Verdict
		reason scenario.Reason
	}{
		"all holds, however strained": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { taken(f, -5, 10) }, scenario.Pass, ""},
		"a claim":                     {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { taken(f, 0, 4); spoil(f, 0, 4) }, scenario.Inconclusive, scenario.Strained},
		"a claim, and an invariant broke": {func(_ *scenario.Scenario, f *evidence.Folder, r *Registry) { taken(f, -5, 10); spoil(f, 0, 4); lost(r) },
			scenario.Fail, scenario.InvariantBroken},
		"the baseline": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { taken(f, -4, 0); spoil(f, -4, 0) }, scenario.Inconclusive, scenario.Strained},
		"the baseline, and a claim broke later": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { taken(f, -4, -1); spoil(f, -4, 4) },
			scenario.Inconclusive, scenario.Strained},
		"the baseline, and an invariant broke": {func(_ *scenario.Scenario, f *evidence.Folder, r *Registry) { taken(f, -4, 0); spoil(f, -4, 0); lost(r) },
			scenario.Fail, scenario.InvariantBroken},
		"the precondition": {func(s *scenario.Scenario, f *evidence.Folder, _ *Registry) { taken(f, -4, 4); s.Risk = "empty" }, scenario.Inconclusive, scenario.Strained},
		"a fault that touched nothing": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { taken(f, -5, 10); f.Doses[0].Hit = false },
			scenario.Inconclusive, scenario.NoImpact},
		"a probe that found no capacity": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			taken(f, -5, 10)
			f.Doses = append(f.Doses, fault.Dose{Fault: fault.ProbeName, Target: "rush", Start: at(0), End: at(3), Why: "nothing was accepted"})
		}, scenario.Inconclusive, scenario.Strained},
		"a probe that found no capacity on a quiet machine": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			taken(f, 0, 0)
			f.Doses = append(f.Doses, fault.Dose{Fault: fault.ProbeName, Target: "rush", Start: at(0), End: at(3), Why: "nothing was accepted"})
		}, scenario.Inconclusive, scenario.NoImpact},
		"a boot that took too long": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			taken(f, -5, 10)
			f.Run.Phases, f.Run.Failures, f.Run.TimedOut = nil, []string{"boot: order-1 is not ready"}, true
		}, scenario.Inconclusive, scenario.Strained},
		"a boot that took too long on a quiet machine": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			taken(f, 0, 0)
			f.Run.Phases, f.Run.Failures, f.Run.TimedOut = nil, []string{"boot: order-1 is not ready"}, true
		}, scenario.Invalid, scenario.HarnessFailed},
		"a process that ended by itself": {func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			taken(f, -5, 10)
			f.Run.Failures = []string{"order-1 ended by itself"}
		}, scenario.Invalid, scenario.HarnessFailed},
	} {
		got := weighed(t.Context(), c.change)
		if got.Verdict != c.want || got.Reason != c.reason {
			t.Errorf("%s: got %s for %q because %q, want %s for %q", name, got.Verdict, got.Reason, got.Reasons, c.want, c.reason)
		}
	}
}

func TestAHarnessThatStoodStillInvalidatesTheRun(t *testing.T) {
	still := strain.Sample{End: at(2), Length: 15_000}
	for name, c := range map[string]struct {
		sample strain.Sample
		want   bool
	}{
		"it was stopped":                    {still, true},
		"the machine was suspended":         {strain.Sample{End: at(2), Length: 100, Jump: 8000}, true},
		"the clock was set back":            {strain.Sample{End: at(2), Length: 100, Jump: -8000}, true},
		"it waited for a processor":         {strain.Sample{End: at(2), Length: 1800, HarnessWaited: 1700, Cell: 50}, false},
		"its processor was stolen":          {strain.Sample{End: at(2), Length: 1800, Steal: 3000, Cell: 50}, false},
		"it was half a second late":         {strain.Sample{End: at(2), Length: 600, Cell: 50}, false},
		"the clock was corrected by a hair": {strain.Sample{End: at(2), Length: 100, Jump: 3, Cell: 50}, false},
	} {
		got := weighed(t.Context(), func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { f.Strain = []strain.Sample{c.sample} })
		if is := got.Verdict == scenario.Invalid && got.Reason == scenario.HarnessStoodStill; is != c.want {
			t.Errorf("%s: got %s for %q because %q, want it invalid: %v", name, got.Verdict, got.Reason, got.Reasons, c.want)
		}
		if c.want && !strings.Contains(strings.Join(got.Reasons, "\n"), "fault, 2s from its start") {
			t.Errorf("%s: got %q, want it to say when", name, got.Reasons)
		}
	}
}

func TestStrainNeverSatisfiesWhatAFileExpects(t *testing.T) {
	strained := Verdict{Verdict: scenario.Inconclusive, Reason: scenario.Strained, Expected: scenario.Inconclusive}
	if strained.AsExpected() || !strained.Unjudged() {
		t.Error("INCONCLUSIVE for strain satisfied a file that expects INCONCLUSIVE")
	}
	stood := Verdict{Verdict: scenario.Invalid, Reason: scenario.HarnessStoodStill, Expected: scenario.Invalid}
	if stood.AsExpected() || !stood.Unjudged() {
		t.Error("a harness that stood still satisfied a file that expects INVALID")
	}
	other := Verdict{Verdict: scenario.Invalid, Reason: scenario.HarnessFailed, Expected: scenario.Invalid, ExpectedReason: scenario.NoTraffic}
	if other.AsExpected() || other.Unjudged() {
		t.Error("another reason than the expected one satisfied the file, or is to be tried again")
	}
	right := Verdict{Verdict: scenario.Invalid, Reason: scenario.NoTraffic, Expected: scenario.Invalid, ExpectedReason: scenario.NoTraffic}
	if !right.AsExpected() {
		t.Error("the expected verdict for the expected reason was not as expected")
	}
}

func TestAFolderWithoutStrainIsJudgedAsBefore(t *testing.T) {
	got := weighed(t.Context(), func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { spoil(f, 0, 4) })
	if got.Verdict != scenario.Fail || got.Reason != scenario.ClaimBroken || got.Strain != nil {
		t.Errorf("got %s for %q with strain %v, want FAIL for a broken claim, and no strain", got.Verdict, got.Reason, got.Strain)
	}
}
