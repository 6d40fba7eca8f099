package verdict

import (
	"fmt"

	"stormglass/chaos/evidence"
	"stormglass/chaos/scenario"
)

// weigh turns findings into a verdict and the reasons that decided it. The order is the point: a harness that failed or
// a baseline that was not steady says nothing about the claim (INVALID); then a claim or an invariant that broke is news
// however little else was shown (FAIL); then what nobody proved (INCONCLUSIVE); and PASS is only what is left.
func (v Verdict) weigh(run evidence.Run) (scenario.Verdict, []string) {
	if reasons := v.invalid(run); len(reasons) > 0 {
		return scenario.Invalid, reasons
	}
	if reasons := pick(Broken, v.Claims, v.Invariants); len(reasons) > 0 {
		return scenario.Fail, reasons
	}
	if reasons := v.inconclusive(); len(reasons) > 0 {
		return scenario.Inconclusive, reasons
	}
	return scenario.Pass, nil
}

func (v Verdict) invalid(run evidence.Run) []string {
	reasons := append([]string(nil), run.Failures...)
	if run.Load.Dropped > 0 {
		reasons = append(reasons, fmt.Sprintf("%d of %d visits never started: too many were open at once", run.Load.Dropped, run.Load.Visits+run.Load.Dropped))
	}
	for _, phase := range []string{evidence.Steady, evidence.Drain, evidence.Collect} {
		if _, ok := run.Phase(phase); !ok && len(reasons) == 0 {
			reasons = append(reasons, "the run has no phase "+phase)
		}
	}
	for _, f := range v.Baseline {
		if f.State != Holds {
			reasons = append(reasons, "the baseline was not steady: "+f.String())
		}
	}
	return append(reasons, pick(Unasked, v.Claims, v.Invariants, v.risks())...)
}

// risks is the risk as a list, for it is optional.
func (v Verdict) risks() []Finding {
	if v.Risk == nil {
		return nil
	}
	return []Finding{*v.Risk}
}

func (v Verdict) inconclusive() []string {
	var reasons []string
	for _, d := range v.Doses {
		if !d.Hit {
			reasons = append(reasons, fmt.Sprintf("%s on %s touched nothing: %s", d.Fault, d.Target, d.Why))
		}
	}
	for _, f := range v.risks() {
		if f.State != Holds {
			reasons = append(reasons, "nothing was at risk: "+f.String())
		}
	}
	return append(reasons, pick(Unproven, v.Claims, v.Invariants)...)
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
