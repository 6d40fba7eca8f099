package verdict

import (
	"fmt"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/scenario"
)

// lookAgain is how finely the moment of recovery is looked for.
const lookAgain = 100 * time.Millisecond

// recovers looks for the first moment after the last fault from which on, up to the end of recover, a signal keeps its
// bounds. Too few operations are left behind a late moment to tell.
func (q query) recovers(signal Signal, e scenario.Expectation) Finding {
	window := q.window("after")
	for rest := window; rest.Start.Before(rest.End); rest.Start = rest.Start.Add(lookAgain) {
		value, samples := signal.Func(evidence.During(q.History, rest))
		if samples < e.Least() {
			break
		}
		if !e.Allows(value) {
			continue
		}
		f := Finding{State: Holds, Samples: samples, Of: operations, Measured: fmt.Sprintf("%.4g %s from %s on", value, signal.Unit, seconds(window.Start, rest.Start))}
		if rest.Start.Sub(window.Start) > e.RecoversWithin {
			f.State = Broken
		}
		return f
	}
	value, samples := signal.Func(evidence.During(q.History, window))
	if samples < e.Least() {
		return Finding{State: Unproven, Samples: samples, Of: operations, Measured: tooFew(e)}
	}
	return Finding{State: Broken, Samples: samples, Of: operations, Measured: fmt.Sprintf("%.4g %s up to the end of recover, and no moment from which on it holds", value, signal.Unit)}
}
