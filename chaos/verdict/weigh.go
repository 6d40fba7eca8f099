package verdict

import (
	"fmt"
	"slices"

	"stormglass/chaos/evidence"
	"stormglass/chaos/scenario"
)

// weigh turns findings into a verdict, its reason's code, and the findings that decided it. The order is the point:
//
//   - a harness that stood still or failed, or a baseline that was not steady, says nothing about the claim: INVALID;
//   - then an invariant that broke is news however little else was shown, and on however busy a machine: FAIL;
//   - then a baseline that failed while others took the processors leaves all claims open: INCONCLUSIVE;
//   - then a claim that broke: FAIL;
//   - then what nobody proved: INCONCLUSIVE; and PASS is only what is left.
func (v Verdict) weigh(f *evidence.Folder) (scenario.Verdict, scenario.Reason, []string) {
	var verdict scenario.Verdict
	var reason scenario.Reason
	var decisive []string
	for _, step := range []struct {
		verdict scenario.Verdict
		reason  scenario.Reason
		found   []string
	}{
		{scenario.Invalid, scenario.HarnessStoodStill, stoodStill(f)},
		{scenario.Inconclusive, scenario.Strained, tooSlow(f)},
		{scenario.Invalid, scenario.HarnessFailed, failures(f.Run)},
		{scenario.Invalid, scenario.VisitsDropped, dropped(f.Run)},
		{scenario.Invalid, scenario.NoTraffic, unsteady(v.Baseline, func(x Finding) bool { return x.Subject == traffic && x.State != Holds })},
		{scenario.Invalid, scenario.BaselineUnsteady, unsteady(v.Baseline, func(x Finding) bool { return x.State != Holds && x.State != Strained })},
		{scenario.Invalid, scenario.QuestionFailed, pick(Unasked, v.Claims, v.Invariants, v.risks())},
		{scenario.Fail, scenario.InvariantBroken, pick(Broken, v.Invariants)},
		{scenario.Inconclusive, scenario.Strained, unsteady(v.Baseline, func(x Finding) bool { return x.State == Strained })},
		{scenario.Fail, scenario.ClaimBroken, pick(Broken, v.Claims)},
		{scenario.Inconclusive, scenario.Strained, v.starved},
		{scenario.Inconclusive, scenario.NoImpact, v.untouched()},
		{scenario.Inconclusive, scenario.Strained, pick(Strained, v.risks(), v.Claims)},
		{scenario.Inconclusive, scenario.PreconditionMissing, v.missing()},
		{scenario.Inconclusive, scenario.StillAtWork, stillAtWork(v.Invariants)},
		{scenario.Inconclusive, scenario.TooLittleEvidence, pick(Unproven, v.Claims, v.Invariants)},
	} {
		if len(step.found) > 0 && verdict == "" {
			verdict, reason = step.verdict, step.reason
		}
		if step.verdict == verdict {
			decisive = append(decisive, step.found...)
		}
	}
	if verdict == "" {
		return scenario.Pass, "", nil
	}
	return verdict, reason, decisive
}

// failures are what the harness noted of itself; a run that ended early without a word is one, too.
func failures(run evidence.Run) []string {
	if len(run.Failures) > 0 {
		return run.Failures
	}
	for _, phase := range []string{evidence.Steady, evidence.Drain, evidence.Collect} {
		if _, ok := run.Phase(phase); !ok {
			return []string{"the run has no phase " + phase}
		}
	}
	return nil
}

func dropped(run evidence.Run) []string {
	if run.Load.Dropped == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d visits never started: too many were open at once", run.Load.Dropped, run.Load.Visits+run.Load.Dropped)}
}

// unsteady tells of those findings of the baseline that are meant.
func unsteady(baseline []Finding, meant func(Finding) bool) (reasons []string) {
	for _, f := range baseline {
		if meant(f) {
			reasons = append(reasons, "the baseline was not steady: "+f.String())
		}
	}
	return reasons
}

// risks is the risk as a list, for it is optional.
func (v Verdict) risks() []Finding {
	if v.Risk == nil {
		return nil
	}
	return []Finding{*v.Risk}
}

// untouched tells of faults without a measured impact.
func (v Verdict) untouched() (reasons []string) {
	for _, d := range v.Doses {
		if !d.Hit {
			reasons = append(reasons, fmt.Sprintf("%s on %s touched nothing: %s", d.Fault, d.Target, d.Why))
		}
	}
	return reasons
}

func (v Verdict) missing() (reasons []string) {
	for _, f := range v.risks() {
		if f.State != Holds {
			reasons = append(reasons, "nothing was at risk: "+f.String())
		}
	}
	return reasons
}

// stillAtWork tells of invariants that looked broken in the middle of a step.
func stillAtWork(invariants []Finding) []string {
	return pick(Unproven, slices.DeleteFunc(slices.Clone(invariants), func(f Finding) bool { return !f.working }))
}

// pick lists the findings in one state.
func pick(state State, lists ...[]Finding) []string {
	var reasons []string
	for _, list := range lists {
		for _, f := range list {
			if f.State == state {
				reasons = append(reasons, f.String())
			}
		}
	}
	return reasons
}
