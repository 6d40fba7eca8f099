package report

import (
	"fmt"
	"time"

	"stormglass/chaos/verdict"
)

// counterexample writes how one object that a broken check names came to that.
func (t Text) counterexample(c *verdict.Counterexample) {
	if c == nil {
		return
	}
	if c.Asked == "" {
		t.line("  what happened to %s, the most telling; nothing that broke names one", c.Object)
	} else {
		t.line("  what happened, by way of example, to %s, of which %s says:", c.Object, c.Asked)
		t.line("    %s", c.Example)
	}
	shown := c.Timeline
	if left := len(shown.Moments) - mostMoments; left > 0 {
		shown.Moments = shown.Moments[left:]
		defer t.line("    the %d moments before these are in verdict.json", left)
	}
	t.Timeline(shown)
}

// mostMoments is how many moments of a counterexample a report for people shows, the last ones.
const mostMoments = 150

// Timeline writes one object's moments, a line each.
func (t Text) Timeline(of verdict.Timeline) {
	t.line("    %11s   counted from %s, at %s", "", of.Zero, of.ZeroAt.UTC().Format("15:04:05.000"))
	for _, m := range of.Moments {
		t.line("    %s   %-22s %s", Offset(m.At.Sub(of.ZeroAt)), m.Where, indent(m.What))
	}
}

// Offset is a distance from a zero with its sign, in seconds, 11 characters wide.
func Offset(d time.Duration) string { return fmt.Sprintf("%+9.3f s", d.Seconds()) }
