package verdict

import (
	"fmt"

	"stormglass/chaos/observe"
	"stormglass/chaos/scenario"
)

// backlog asks how deep a backlog grew while the faults lasted, or when it was worked off after they ended.
func (q query) backlog(e scenario.Expectation) (Finding, error) {
	fault, end := q.faults()
	depths, err := q.series("backlog_depth", fault.Start, end, "$backlog", e.Backlog)
	if err != nil {
		return Finding{}, err
	}
	if len(depths) == 0 {
		return Finding{State: Unproven, Measured: "its depth was never scraped"}, nil
	}
	var f Finding
	if e.GrowsTo != nil {
		f = q.grows(e, depths)
	} else {
		f = q.drained(e, depths)
	}
	f.Samples, f.Of = len(depths), "scraped depths"
	return f, nil
}

func (q query) grows(e scenario.Expectation, depths []observe.Point) Finding {
	fault, _ := q.faults()
	var peak float64
	for _, p := range depths {
		if !p.Time.After(fault.End) {
			peak = max(peak, p.Value)
		}
	}
	f := Finding{State: Holds, Measured: fmt.Sprintf("grew to %.4g", peak)}
	if peak < *e.GrowsTo {
		f.State = Broken
	}
	return f
}

// drained looks for the first time after the last fault at which nothing waited. Load may go on then, and new work come
// and go; what must not be is that something waits at the very end.
func (q query) drained(e scenario.Expectation, depths []observe.Point) Finding {
	fault, _ := q.faults()
	var peak float64
	var empty *observe.Point
	for i, p := range depths {
		if empty == nil {
			peak = max(peak, p.Value)
		}
		if empty == nil && p.Value == 0 && p.Time.After(fault.End) {
			empty = &depths[i]
		}
	}
	last := depths[len(depths)-1]
	switch {
	case peak == 0:
		return Finding{State: Unproven, Measured: "nothing ever waited, so nothing was drained"}
	case empty == nil || last.Value > 0:
		return Finding{State: Broken, waits: true, Measured: fmt.Sprintf("grew to %.4g; %.4g still wait %s after the fault", peak, last.Value, seconds(fault.End, last.Time))}
	}
	f := Finding{State: Holds, Measured: fmt.Sprintf("grew to %.4g; empty after %s", peak, seconds(fault.End, empty.Time))}
	if empty.Time.Sub(fault.End) > e.DrainedWithin {
		f.State, f.late = Broken, true
	}
	return f
}
