package verdict

import (
	"fmt"
	"math"

	"stormglass/chaos/scenario"
)

// promql asks for one number at the end of the phase; after the faults, that is the end of recover, where there is still
// load.
func (q query) promql(phase string, e scenario.Expectation) (Finding, error) {
	vector, err := q.Metrics.Query(q.ctx, e.PromQL, q.window(phase).End)
	if err != nil {
		return Finding{}, err
	}
	if len(vector) > 1 {
		return Finding{}, fmt.Errorf("ask %s: the answer has %d series and must be one number: put sum(), max() or min() around it", e.PromQL, len(vector))
	}
	if len(vector) == 0 || math.IsNaN(vector[0].Value) {
		return Finding{State: Unproven, Measured: "no value"}, nil
	}
	f := Finding{Measured: fmt.Sprintf("%.4g", vector[0].Value), Samples: 1, Of: "values", State: Holds}
	if !e.Allows(vector[0].Value) {
		f.State = Broken
	}
	return f, nil
}
