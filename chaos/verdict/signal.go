package verdict

import (
	"fmt"
	"slices"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/scenario"
)

// signal measures a registered signal over the operations that were intended within the phase, its settling left out. What
// was still under way when the first fault struck may owe its end to the fault, so the baseline does not rest on it.
func (q query) signal(phase string, e scenario.Expectation) (Finding, error) {
	signal, err := find(q.Registry.Signals, "signal", e.Signal, func(s Signal) string { return s.Name })
	if err != nil {
		return Finding{}, err
	}
	if e.RecoversWithin > 0 {
		return q.recovers(signal, e), nil
	}
	window := q.window(phase)
	window.Start = window.Start.Add(e.Settle)
	ops := evidence.During(q.History, window)
	if struck := q.Run.Struck(); phase == "steady" && !struck.IsZero() {
		ops = slices.DeleteFunc(ops, func(op load.Operation) bool { return op.End.After(struck) })
	}
	value, samples := signal.Func(ops)
	f := Finding{Measured: fmt.Sprintf("%.4g %s", value, signal.Unit), Samples: samples, Of: operations, State: Holds}
	switch {
	case samples < e.Least():
		f.State = Unproven
		f.Measured = tooFew(e)
	case !e.Allows(value):
		f.State = Broken
	}
	return f, nil
}

func tooFew(e scenario.Expectation) string {
	return fmt.Sprintf("too few operations, needs %d", e.Least())
}
