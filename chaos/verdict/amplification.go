package verdict

import (
	"fmt"

	"stormglass/chaos/observe"
	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
)

// amplification asks how many attempts a link's client made in a phase for each first one. Operations that were refused
// before their first attempt cost the server nothing and are left out.
func (q query) amplification(phase string, e scenario.Expectation) (Finding, error) {
	client, server, err := system.SplitLink(e.Amplification)
	if err != nil {
		return Finding{}, err
	}
	window := q.window(phase)
	attempts, err := q.series("link_attempts", window.Start, window.End, "$client", client, "$server", server)
	if err != nil {
		return Finding{}, err
	}
	retries, err := q.series("link_retries", window.Start, window.End, "$client", client, "$server", server)
	if err != nil {
		return Finding{}, err
	}
	again := gained(retries)
	first := gained(attempts) - again
	f := Finding{State: Holds, Samples: int(first), Of: operations}
	if f.Samples < e.Least() {
		f.State, f.Measured = Unproven, tooFew(e)
		return f, nil
	}
	value := 1 + again/first
	f.Measured = fmt.Sprintf("%.3g: %.4g retries of %.4g operations", value, again, first)
	if !e.Allows(value) {
		f.State = Broken
	}
	return f, nil
}

// gained is by how much a counter grew. A process that starts again counts from 0, so what falls is not held against it.
func gained(points []observe.Point) (sum float64) {
	for i := 1; i < len(points); i++ {
		sum += max(0, points[i].Value-points[i-1].Value)
	}
	return sum
}
