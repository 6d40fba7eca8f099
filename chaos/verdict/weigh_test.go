package verdict

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/scenario"
)

// asked is a scenario that the good folder passes.
func asked() *scenario.Scenario {
	return &scenario.Scenario{
		Name: "x", Verdict: scenario.Pass, Risk: "tidy",
		Expect: scenario.Expect{
			During: []scenario.Expectation{{Signal: "success", AtLeast: bound(0.9)}},
			After:  []scenario.Expectation{{Check: "tidy", Within: 5 * time.Second}},
		},
	}
}

func TestTheVerdictIsTheWorstThatIsTrue(t *testing.T) {
	fails := func(f *evidence.Folder, from, to float64) {
		for i, op := range f.History {
			if !op.Intended.Before(at(from)) && op.Intended.Before(at(to)) {
				f.History[i].Outcome = load.Failed
			}
		}
	}
	type change func(*scenario.Scenario, *evidence.Folder, *Registry)
	missed := func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
		f.Doses = append(f.Doses, fault.Dose{Fault: "refuse", Target: "c -> d", Why: "no connection was there"})
	}
	brokenClaim := func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { fails(f, 0, 4) }
	brokenInvariant := func(_ *scenario.Scenario, _ *evidence.Folder, r *Registry) {
		r.Checks[0].Func = func(*evidence.Folder) Result { return Result{Compared: 3, Measured: "one lost"} }
	}
	unsteady := func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) { fails(f, -4, 0) }
	for name, c := range map[string]struct {
		changes []change
		want    scenario.Verdict
		because string
	}{
		"all is well":                           {nil, scenario.Pass, ""},
		"a broken claim":                        {[]change{brokenClaim}, scenario.Fail, "success at least 0.9: 0 of 1 (40 operations)"},
		"a broken invariant":                    {[]change{brokenInvariant}, scenario.Fail, "sound: one lost (3 objects)"},
		"a fault that missed":                   {[]change{missed}, scenario.Inconclusive, "refuse on c -> d touched nothing: no connection was there"},
		"a broken invariant and no dose":        {[]change{missed, brokenInvariant}, scenario.Fail, "sound"},
		"an unsteady baseline":                  {[]change{unsteady}, scenario.Invalid, "the baseline was not steady: success"},
		"an unsteady baseline, all else broken": {[]change{unsteady, missed, brokenClaim, brokenInvariant}, scenario.Invalid, "not steady"},
		"a baseline of too few operations": {[]change{func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			f.History = slices.DeleteFunc(f.History, func(op load.Operation) bool { return op.Intended.Before(at(-0.5)) })
		}}, scenario.Invalid, "not steady: success at least 0.9: too few operations"},
		"no traffic in the baseline": {[]change{func(s *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			s.Expect.During, f.History = nil, nil
		}}, scenario.Invalid, "not steady: traffic: 0 operations"},
		"no traffic during the fault": {[]change{func(s *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			s.Expect.During = nil
			f.History = slices.DeleteFunc(f.History, func(op load.Operation) bool { return op.Intended.After(at(-0.05)) })
		}}, scenario.Inconclusive, "traffic: 0 operations"},
		"a failure of the harness": {[]change{brokenClaim, func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			f.Run.Failures = []string{"the cat"}
		}}, scenario.Invalid, "the cat"},
		"dropped visits": {[]change{func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			f.Run.Load.Visits, f.Run.Load.Dropped = 9, 1
		}}, scenario.Invalid, "1 of 10 visits never started"},
		"a run that was cut short": {[]change{func(_ *scenario.Scenario, f *evidence.Folder, _ *Registry) {
			f.Run.Phases = f.Run.Phases[:2]
		}}, scenario.Invalid, "the run has no phase drain"},
		"an invariant that compared too little": {[]change{func(_ *scenario.Scenario, _ *evidence.Folder, r *Registry) { r.Checks[0].Min = 4 }},
			scenario.Inconclusive, "compared too few, needs 4"},
		"an invariant that could not look": {[]change{func(_ *scenario.Scenario, _ *evidence.Folder, r *Registry) {
			r.Checks[0].Func = func(*evidence.Folder) Result { return Result{Inconclusive: "no audit"} }
		}}, scenario.Inconclusive, "sound: no audit"},
		"nothing at risk":           {[]change{func(s *scenario.Scenario, _ *evidence.Folder, _ *Registry) { s.Risk = "empty" }}, scenario.Inconclusive, "nothing was at risk"},
		"a question nobody can put": {[]change{func(s *scenario.Scenario, _ *evidence.Folder, _ *Registry) { s.Risk = "unheard-of" }}, scenario.Invalid, "not registered"},
	} {
		t.Run(name, func(t *testing.T) {
			s, f, r := asked(), folder(), registry()
			for _, change := range c.changes {
				change(s, f, &r)
			}
			got := Bench{Scenario: s, Registry: r, Metrics: recorded{}}.Verdict(t.Context(), f)
			if got.Verdict != c.want || !strings.Contains(strings.Join(got.Reasons, "\n"), c.because) {
				t.Errorf("got %s because %q, want %s because %q", got.Verdict, got.Reasons, c.want, c.because)
			}
			if (got.Verdict == scenario.Pass) != (len(got.Reasons) == 0) {
				t.Errorf("got %s with reasons %q", got.Verdict, got.Reasons)
			}
		})
	}
}

func TestJudgingTwiceGivesTheSame(t *testing.T) {
	bench := Bench{Scenario: asked(), Registry: registry(), Metrics: recorded{}}
	first, again := bench.Verdict(t.Context(), folder()), bench.Verdict(t.Context(), folder())
	if !reflect.DeepEqual(first, again) {
		t.Errorf("got %+v and %+v", first, again)
	}
}

func TestOnlyWhatTimeCanMendIsPending(t *testing.T) {
	drained := scenario.Expectation{Backlog: "q", DrainedWithin: 2 * time.Second}
	closes := scenario.Expectation{Breaker: "a -> b", ClosesWithin: 2 * time.Second}
	tidy := scenario.Expectation{Check: "tidy", Within: time.Second}
	for name, c := range map[string]struct {
		e             scenario.Expectation
		seen          recorded
		state         State
		pending, late bool
	}{
		"a backlog that is there":              {drained, recorded{"depth q": curve{-4: 0, 1: 7}}, Broken, true, false},
		"a backlog that went too late":         {drained, recorded{"depth q": curve{-4: 0, 1: 7, 7: 0}}, Broken, false, true},
		"a backlog that never was":             {drained, recorded{"depth q": curve{-4: 0}}, Unproven, false, false},
		"a backlog that did not grow":          {scenario.Expectation{Backlog: "q", GrowsTo: bound(5)}, recorded{"depth q": curve{-4: 0}}, Broken, false, false},
		"a breaker that is open":               {closes, recorded{"state a>b": curve{-4: 0, 1: 2}}, Broken, true, false},
		"a breaker that closed too late":       {closes, recorded{"state a>b": curve{-4: 0, 1: 2, 7: 0}}, Broken, false, true},
		"a breaker that did not open":          {scenario.Expectation{Breaker: "a -> b", OpensWithin: time.Second}, recorded{"state a>b": curve{-4: 0}}, Broken, false, false},
		"a check that does not hold":           {scenario.Expectation{Check: "wrong", Within: time.Hour}, nil, Broken, true, false},
		"a check that found too little so far": {scenario.Expectation{Check: "empty", Within: time.Hour}, nil, Unproven, true, false},
		"a check that came true too late":      {tidy, nil, Broken, false, true},
		"a signal that breaks its bounds":      {scenario.Expectation{Signal: "success", AtLeast: bound(2)}, nil, Broken, false, false},
	} {
		got := judged(t, "after", c.e, folder(), c.seen)
		if got.State != c.state || got.Pending() != c.pending || got.Late() != c.late {
			t.Errorf("%s: got %s, pending %v, late %v, want %s, %v, %v", name, got.State, got.Pending(), got.Late(), c.state, c.pending, c.late)
		}
	}
}

func TestOfASystemThatIsStillAtWorkNoInvariantIsCalledBroken(t *testing.T) {
	f, r := folder(), registry()
	f.Run.AtWork = true
	r.Checks[0].Func = func(*evidence.Folder) Result {
		return Result{Compared: 3, Measured: "one lost", Broken: []string{"order 1"}}
	}
	got := Bench{Scenario: asked(), Registry: r, Metrics: recorded{}}.Verdict(t.Context(), f)
	if got.Verdict != scenario.Inconclusive || !strings.Contains(strings.Join(got.Reasons, "\n"), "one lost; the system was still at work") {
		t.Errorf("got %s because %q, want INCONCLUSIVE because it was still at work", got.Verdict, got.Reasons)
	}
}
