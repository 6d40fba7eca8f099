package verdict

import (
	"fmt"
	"math"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/scenario"
	"stormglass/chaos/strain"
)

// bounds say from where on strain may be why an expectation failed. How they were found stands in scenarios/README.md, with
// the curve: how often the control and ten scenarios missed a claim, by how strained they were.
var bounds = strain.Bounds{Delayed: 0.5, Slowdown: 8, Late: 150 * time.Millisecond}

// StrainBounds are the same, for whoever draws strain.
func StrainBounds() strain.Bounds { return bounds }

// stillFor is how long the harness must have stood still for a run to mean nothing: no arrival, no proxy, no scrape went on.
const stillFor = time.Second

// excuse turns an expectation that did not come true into one that could not be judged, if it is of a kind that a machine short
// of time makes fail and its window was strained. Strain never makes anything hold, and it excuses no invariant and no fault
// that touched nothing: those never come here.
func (q query) excuse(phase string, e scenario.Expectation, f Finding) Finding {
	if f.State != Broken && f.State != Unproven || !q.excusable(e, f) {
		return f
	}
	return q.strained(f, q.reach(phase, e))
}

// strained says of a finding that its window was strained, if it was.
func (q query) strained(f Finding, window evidence.Phase) Finding {
	w := strain.In(q.Strain, window.Start, window.End, bounds.Delayed)
	if !w.Strained(bounds) {
		return f
	}
	f.State = Strained
	f.Measured += "; short of processor time: " + w.String()
	return f
}

// excusable says whether strain may be why an expectation failed. That holds for everything that is measured in time, or is a
// share of what was done in time; it does not hold for what is counted: objects that are wrong, calls that leaked.
func (q query) excusable(e scenario.Expectation, f Finding) bool {
	switch e.Subject() {
	case "signal", "amplification", "backlog": // shares, latencies, how much came at once, how soon it was gone
		return true
	case "breaker":
		return e.LeaksAtMost == nil
	case "promql":
		return e.StrainExcuses
	case "check": // late is a matter of time; not at all only where the check says so
		c, err := find(q.Registry.Checks, "check", e.Check, func(c Check) string { return c.Name })
		return f.late || err == nil && c.Timed
	}
	return false
}

// reach is the stretch whose strain may show in what an expectation measured: from the beginning of its phase, for one that is
// about what came after the faults from the beginning of these, to the end of what was measured.
func (q query) reach(phase string, e scenario.Expectation) evidence.Phase {
	fault, end := q.faults()
	window := q.window(phase)
	switch {
	case phase == "steady":
		if warmup, ok := q.Run.Phase(evidence.Warmup); ok {
			window.Start = warmup.Start // the baseline is what the warm-up leads to
		}
	case phase == "after" && !fault.Start.IsZero():
		window.Start = fault.Start
	}
	switch {
	case e.Signal != "":
		window.End = lastEnd(evidence.During(q.History, q.window(phase)), window.End)
	case phase == "after" && e.PromQL == "" && e.Amplification == "":
		window.End = end
	}
	return window
}

// lastEnd is when the last of some operations ended, but not before a moment.
func lastEnd(ops []load.Operation, end time.Time) time.Time {
	for _, op := range ops {
		if op.End.After(end) {
			end = op.End
		}
	}
	return end
}

// stoodStill tells of each time at which the harness, or the whole machine, stood still for so long that nothing after it is to
// be believed. A harness that only had to wait for a processor is strained and did not stand still.
func stoodStill(f *evidence.Folder) (reasons []string) {
	for _, s := range f.Strain {
		still := time.Duration((s.Length - s.HarnessWaited - s.Quota - s.Steal) * float64(time.Millisecond))
		jump := time.Duration(s.Jump * float64(time.Millisecond))
		switch {
		case still >= stillFor:
			reasons = append(reasons, fmt.Sprintf("the harness stood still for %s in %s: it was stopped", still.Round(strain.Every), phaseAt(f.Run, s.End)))
		case jump.Abs() >= stillFor/2:
			reasons = append(reasons, fmt.Sprintf("the clock jumped by %s in %s: the machine was suspended, or its clock was set", jump.Round(strain.Every), phaseAt(f.Run, s.End)))
		}
	}
	return reasons
}

// phaseAt names the phase at a moment, with how far into it that is.
func phaseAt(run evidence.Run, at time.Time) string {
	for _, p := range run.Phases {
		if p.Has(at) {
			return fmt.Sprintf("%s, %s from its start", p.Name, seconds(p.Start, at))
		}
	}
	return "the end of the run"
}

// PhaseStrain is the strain of one phase.
type PhaseStrain struct {
	Phase    string      `json:"phase"`
	Taken    strain.Loss `json:"taken_ms"` // processor time, by who had it
	Slowdown float64     `json:"slowdown"` // in the worst second: milliseconds that each one of the system's work waited for others
	Late     float64     `json:"late_ms"`  // by how much the harness was late at most
	Strained bool        `json:"strained"` // beyond a bound: what failed in it is not held against the system
}

// phases gives the strain of each phase.
func (q query) phases() (out []PhaseStrain) {
	if len(q.Strain) == 0 {
		return nil
	}
	for _, p := range q.Run.Phases {
		w := strain.In(q.Strain, p.Start, p.End, bounds.Delayed)
		out = append(out, PhaseStrain{p.Name, w.Taken.Rounded(), hundredths(w.Worst.Slowdown), float64(w.Late.Milliseconds()), w.Strained(bounds)})
	}
	return out
}

func hundredths(x float64) float64 { return math.Round(x*100) / 100 }

// tooSlow tells of a run that ended early because a step of it took too long, while others had taken the processors.
func tooSlow(f *evidence.Folder) (reasons []string) {
	if !f.Run.TimedOut || len(f.Strain) == 0 {
		return nil
	}
	w := strain.In(f.Strain, f.Strain[0].End, f.Strain[len(f.Strain)-1].End, bounds.Delayed)
	if !w.Strained(bounds) {
		return nil
	}
	for _, failure := range f.Run.Failures {
		reasons = append(reasons, failure+"; short of processor time: "+w.String())
	}
	return reasons
}

// starved tells of probes that found no capacity while others had the processors. A probe breaks nothing: what it finds is a rate,
// like any other that strain excuses, and the load spikes after it are a multiple of that.
func (q query) starved() (reasons []string) {
	for _, d := range q.Doses {
		if d.Fault != fault.ProbeName || d.Hit {
			continue
		}
		if w := strain.In(q.Strain, d.Start, d.End, bounds.Delayed); w.Strained(bounds) {
			reasons = append(reasons, fmt.Sprintf("%s on %s: %s; short of processor time: %s", d.Fault, d.Target, d.Why, w))
		}
	}
	return reasons
}
