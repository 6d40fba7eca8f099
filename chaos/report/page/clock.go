package page

import (
	"fmt"
	"math"
	"slices"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
)

// clock is the stretch of time that all pictures of a scenario share, and the moment that they call 0, from which claims
// count: when the fault phase began, or where there is none, the baseline.
type clock struct{ from, to, zero time.Time }

// newClock spans everything that happened under load. It is empty when nothing did.
func newClock(run evidence.Run, doses []fault.Dose, history []load.Operation) clock {
	var c clock
	for _, p := range run.Phases {
		if p.Name == evidence.Boot || p.Name == evidence.Prepare {
			continue
		}
		c.include(p.Start)
		c.include(p.End)
	}
	for _, op := range history {
		c.include(op.Intended)
		c.include(op.End)
	}
	for _, d := range doses {
		c.include(d.Start)
		c.include(d.End)
	}
	c.zero = run.Struck()
	if steady, ok := run.Phase(evidence.Steady); ok && c.zero.IsZero() {
		c.zero = steady.Start
	}
	if c.zero.IsZero() {
		c.zero = c.from
	}
	return c
}

func (c *clock) include(t time.Time) {
	if t.IsZero() {
		return
	}
	if c.from.IsZero() || t.Before(c.from) {
		c.from = t
	}
	if t.After(c.to) {
		c.to = t
	}
}

func (c clock) empty() bool { return !c.to.After(c.from) }

// share is how far into the stretch a moment lies, from 0 to 1.
func (c clock) share(t time.Time) float64 {
	return min(1, max(0, float64(t.Sub(c.from))/float64(c.to.Sub(c.from))))
}

// tick is one mark of an axis.
type tick struct {
	At    float64 // per cent of the axis
	Label string
}

// ticks are whole steps from the zero on, at most ten, so that they fit a narrow screen.
func (c clock) ticks() []tick {
	span := c.to.Sub(c.from).Seconds()
	step := niceStep(span / 9)
	var out []tick
	first := math.Ceil(c.from.Sub(c.zero).Seconds()/step) * step
	for x := first; x <= c.to.Sub(c.zero).Seconds(); x += step {
		at := c.zero.Add(time.Duration(x * float64(time.Second)))
		out = append(out, tick{percent(c.share(at)), signed(x) + " s"})
	}
	return out
}

// niceStep is the smallest of 1, 2, 5, 10, 20, … (or a tenth of these, and so on) that is not below least.
func niceStep(least float64) float64 {
	if least <= 0 {
		return 1
	}
	ten := math.Pow(10, math.Floor(math.Log10(least)))
	for _, factor := range []float64{1, 2, 5} {
		if factor*ten >= least*(1-1e-9) {
			return factor * ten
		}
	}
	return 10 * ten
}

// signed writes an axis' number of seconds, with a true minus sign.
func signed(x float64) string {
	if x < -1e-9 {
		return "−" + number(-x)
	}
	return number(math.Abs(x))
}

// percent is a share in per cent, to a hundredth.
func percent(share float64) float64 { return math.Round(share*1e4) / 100 }

// band is a stretch of time in a picture.
type band struct {
	Left, Width float64 // per cent
	Class       string
	Name        string
	Title       string // shown when it is pointed at
}

func (c clock) band(from, to time.Time, class, name, title string) band {
	left, right := c.share(from), c.share(to)
	return band{percent(left), percent(right - left), class, name, title}
}

// phases are the run's phases as far as the clock goes.
func (c clock) phases(run evidence.Run) []band {
	var out []band
	for _, p := range run.Phases {
		if p.End.After(c.from) {
			b := c.band(p.Start, p.End, "", p.Name, fmt.Sprintf("%s, %.1f s", p.Name, p.Seconds()))
			if b.Width < 4 {
				b.Name = "" // there is no room for it
			}
			out = append(out, b)
		}
	}
	return out
}

// windows are the stretches in which faults held, a row for each fault and target. One that never struck has none.
func (c clock) windows(doses []fault.Dose) []row {
	var rows []row
	for _, d := range doses {
		if d.Start.IsZero() {
			continue
		}
		end := d.End
		if end.IsZero() {
			end = c.to
		}
		name := d.Fault + " " + d.Target
		i := slices.IndexFunc(rows, func(r row) bool { return r.Name == name })
		if i < 0 {
			i = len(rows)
			rows = append(rows, row{Name: name})
		}
		title := fmt.Sprintf("%s from %s s to %s s: %s", name, c.reading(d.Start), c.reading(end), d.Why)
		rows[i].Bands = append(rows[i].Bands, c.band(d.Start, end, "fault", name, title))
	}
	return rows
}

// reading is a moment in seconds as the clock shows it, to a hundredth.
func (c clock) reading(t time.Time) string { return signed(round(t.Sub(c.zero).Seconds())) }

// round keeps hundredths.
func round(x float64) float64 { return math.Round(x*100) / 100 }
