package verdict

import (
	"fmt"

	"stormglass/chaos/evidence"
	"stormglass/chaos/scenario"
)

// signal measures a registered signal over the operations that were intended within the phase, its settling left out.
func (q query) signal(phase string, e scenario.Expectation) (Finding, error) {
	signal, err := find(q.Registry.Signals, "signal", e.Signal, func(s Signal) string { return s.Name })
	if err != nil {
		return Finding{}, err
	}
	window := q.window(phase)
	window.Start = window.Start.Add(e.Settle)
	value, samples := signal.Func(evidence.During(q.History, window))
	f := Finding{Measured: fmt.Sprintf("%.4g %s", value, signal.Unit), Samples: samples, State: Holds}
	least := e.MinSamples
	if least == 0 {
		least = scenario.DefaultMinSamples
	}
	switch {
	case samples < least:
		f.State = Unproven
		f.Measured = fmt.Sprintf("too few operations, needs %d", least)
	case !e.Allows(value):
		f.State = Broken
	}
	return f, nil
}
