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
	for _, c := range []struct {
		f    Finding
		want bool
	}{
		{Finding{Subject: "breaker", State: Broken}, true},
		{Finding{Subject: "breaker", State: Unproven}, false},
		{Finding{Subject: "backlog", State: Broken}, true},
		{Finding{Subject: "check", State: Broken}, true},
		{Finding{Subject: "invariant", State: Unproven}, true},
		{Finding{Subject: "check", State: Holds}, false},
		{Finding{Subject: "signal", State: Broken}, false},
		{Finding{Subject: "promql", State: Broken}, false},
	} {
		if got := c.f.Pending(); got != c.want {
			t.Errorf("%s that is %s: got %v, want %v", c.f.Subject, c.f.State, got, c.want)
		}
	}
}
