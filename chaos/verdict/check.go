package verdict

import (
	"fmt"

	"stormglass/chaos/evidence"
	"stormglass/chaos/scenario"
)

// check looks at what must be true in the end, and since when it has been, counted from the end of the load.
func (q query) check(e scenario.Expectation) (Finding, error) {
	c, err := find(q.Registry.Checks, "check", e.Check, func(c Check) string { return c.Name })
	if err != nil {
		return Finding{}, err
	}
	f := q.look(c)
	if f.State != Holds {
		f.waits = true
		return f, nil
	}
	drain, _ := q.Run.Phase(evidence.Drain)
	since, ok := q.Run.Held[e.String()]
	if !ok {
		since = drain.End
	}
	f.Measured += fmt.Sprintf(", %s after the load ended", seconds(drain.Start, since))
	if since.Sub(drain.Start) > e.Within {
		f.State, f.late = Broken, true
	}
	return f, nil
}

// invariants looks at every check that must hold whatever the scenario. They compare what services and companies say at about
// the same time; of a system that still works, that may be two halves of one step, which breaks nothing.
func (q query) invariants() []Finding {
	var findings []Finding
	for _, c := range q.Registry.Checks {
		if c.Invariant {
			f := q.look(c)
			f.Phase, f.Subject, f.Asked, f.waits = "end", "invariant", c.Name, f.State != Holds
			if f.State == Broken && q.Run.AtWork {
				f.State, f.working, f.Measured = Unproven, true, f.Measured+"; the system was still at work when the wait for it ended"
			}
			findings = append(findings, f)
		}
	}
	return findings
}

// risk asks the scenario's risk check how many objects were in the risky state when the fault struck.
func (q query) risk() *Finding {
	if q.Scenario.Risk == "" {
		return nil
	}
	f := Finding{State: Unasked}
	if c, err := find(q.Registry.Checks, "check", q.Scenario.Risk, func(c Check) string { return c.Name }); err != nil {
		f.Measured = err.Error()
	} else {
		f = q.look(c)
	}
	f.Phase, f.Subject, f.Asked = "during", "risk", q.Scenario.Risk
	if steady, ok := q.Run.Phase(evidence.Steady); ok && f.State != Holds && f.State != Unasked {
		fault, _ := q.faults()
		f = q.strained(f, evidence.Phase{Start: steady.Start, End: fault.End})
	}
	return &f
}

// look runs one check on the evidence.
func (q query) look(c Check) Finding {
	result := c.Func(q.Folder)
	f := Finding{Measured: result.Measured, Samples: result.Compared, Broken: result.Broken, State: Holds}
	switch {
	case len(result.Broken) > 0:
		f.State = Broken
	case result.Inconclusive != "":
		f.State, f.Measured = Unproven, result.Inconclusive
	case !result.Holds:
		f.State = Broken
	case result.Compared < max(1, c.Min):
		f.State = Unproven
		f.Measured = fmt.Sprintf("%s; compared too few, needs %d", result.Measured, max(1, c.Min))
	}
	return f
}
