package page

import (
	"fmt"
	"time"

	"stormglass/chaos/run"
)

// occupancy draws how many cells ran at once over a run, one band from each change to the next.
func occupancy(all []run.Occupancy) (bands []band) {
	if len(all) < 3 {
		return nil
	}
	c := clock{from: all[0].At, to: all[len(all)-1].At, zero: all[0].At}
	if c.empty() {
		return nil
	}
	for i, o := range all[:len(all)-1] {
		if o.Cells == 0 {
			continue
		}
		next := all[i+1].At
		title := fmt.Sprintf("%d at once from %s to %s; %.2f processors were idle when that began, others had %.2f",
			o.Cells, since(c, o.At), since(c, next), o.Idle, o.Outside)
		bands = append(bands, c.band(o.At, next, fmt.Sprintf("state%d", min(o.Cells, 4)-1), "", title))
	}
	return bands
}

// since is how long after the run's begin a moment is.
func since(c clock, at time.Time) string { return at.Sub(c.zero).Round(time.Second).String() }
