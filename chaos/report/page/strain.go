package page

import (
	"fmt"
	"time"

	"stormglass/chaos/report"
	"stormglass/chaos/run"
	"stormglass/chaos/strain"
	"stormglass/chaos/verdict"
)

// The levels of strain that a band tells apart, by its class.
const (
	calm     = ""
	tight    = "state1" // above half of the bound
	strained = "state2" // what failed then is not held against the system
)

// strain draws how much the cell was slowed down by others in the second before each moment, as bands of one level each.
func (c clock) strain(samples []strain.Sample) []row {
	if len(samples) == 0 {
		return nil
	}
	r := row{Name: "processor time taken by others, and lateness of the harness"}
	level, from := calm, c.from
	var worst strain.Window
	end := func(to time.Time) {
		if level != calm {
			title := fmt.Sprintf("from %s s to %s s: %s", c.reading(from), c.reading(to), worst)
			r.Bands = append(r.Bands, c.band(from, to, level, level, title))
		}
	}
	for _, s := range samples {
		if s.End.Before(c.from) || s.End.After(c.to) {
			continue
		}
		w := strain.In(samples, s.End.Add(-strain.Span), s.End, 0)
		if now := levelOf(w); now != level {
			begin := s.End.Add(-strain.Every)
			end(begin)
			level, from, worst = now, begin, w
		}
		if w.Worst.Slowdown > worst.Worst.Slowdown {
			worst = w
		}
	}
	end(c.to)
	return []row{r}
}

func levelOf(w strain.Window) string {
	bounds := verdict.StrainBounds()
	half := strain.Bounds{Delayed: bounds.Delayed / 2, Slowdown: bounds.Slowdown / 2, Late: bounds.Late / 2}
	switch {
	case w.Strained(bounds):
		return strained
	case w.Strained(half):
		return tight
	}
	return calm
}

// machine says in one line what the scenarios ran on, and how many at once; "" for a run of a version that did not know.
func machine(s suite) string {
	if s.Machine.Processors == 0 {
		return ""
	}
	return report.Machine(run.Suite{Machine: s.Machine, Calibration: s.Cost, Occupancy: s.Cells})
}
