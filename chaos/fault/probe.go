package fault

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stormglass/chaos/load"
)

// ProbeName is the name of the fault that measures capacity. Whoever runs a scenario makes it by NewProbe, because a cell alone
// has no visitors.
const ProbeName = "probe-capacity"

// ProbeVisits is how many visits a probe keeps going. It is enough that every stage of a system always has work, and few enough
// that each is answered within a second, which is about when clients give up, down to 8 accepted operations a second. More would
// measure how a system fails under timeouts and retries, and not what it can do.
const ProbeVisits = 8

// settled is the part of a probe's time after which it measures: before that, queues are still filling.
const settled = 3

func probeKind() Kind {
	return Kind{
		Name: ProbeName, On: "shoppers", Keys: []string{"visits"},
		Doc: fmt.Sprintf("keeps %d visits going, each of which starts when another's operation has ended, and measures how many operations a second "+
			"are accepted in the last two thirds of its time: the capacity that a load spike after it may ask a multiple of", ProbeVisits),
		check: func(s Spec) error {
			if s.Visits < ProbeVisits {
				return &KeyError{"visits", fmt.Sprintf("expected how many visits it may start at most, %d or more, such as 500", ProbeVisits)}
			}
			return nil
		},
	}
}

// probe finds out how much a system accepts.
type probe struct {
	*window
	spec  Spec
	tools ProbeTools

	mu   sync.Mutex
	sent *load.Generator // nil until it begins
}

// ProbeTools are what a probe needs of whoever runs it.
type ProbeTools struct {
	Start    func() *load.Generator          // sends the visits, as a closed loop
	Accepted func(from, to time.Time) int    // counts the operations that were accepted in a stretch of time
	Found    func(acceptedPerSecond float64) // told of the figure when the probe ends
}

// NewProbe makes a probe of a spec. Its visits go on when it is over, and whoever started them ends them.
func NewProbe(s Spec, tools ProbeTools) Fault {
	return &probe{window: newWindow("visits_started", "visits_dropped", "accepted", "accepted_per_second"), spec: s, tools: tools}
}

func (p *probe) Inject(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open()
	p.sent = p.tools.Start()
	return nil
}

func (p *probe) Undo(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.holds() {
		return nil
	}
	p.sent.Halt()
	p.close()
	p.measure()
	return nil
}

// measure counts what was accepted once the queues had filled, up to the end. A probe that was broken off before measures nothing.
func (p *probe) measure() {
	stats := p.sent.Stats()
	p.count("visits_started", float64(stats.Visits))
	p.count("visits_dropped", float64(stats.Dropped))
	d := p.dose(p.spec, "")
	var rate float64
	if from := d.Start.Add(p.spec.For / settled); d.End.After(from) {
		accepted := p.tools.Accepted(from, d.End)
		rate = float64(accepted) / d.End.Sub(from).Seconds()
		p.count("accepted", float64(accepted))
		p.count("accepted_per_second", rate)
	}
	p.tools.Found(rate)
}

func (p *probe) Dose() Dose {
	d := p.dose(p.spec, fmt.Sprintf("probe the capacity with %d visits at a time, for %s", ProbeVisits, p.spec.For))
	d.Hit = d.Measures["accepted"] > 0
	d.Why = fmt.Sprintf("%.1f operations a second were accepted; %.0f visits started", d.Measures["accepted_per_second"], d.Measures["visits_started"])
	if started := int(d.Measures["visits_started"]); started >= p.spec.Visits {
		d.Hit = false
		d.Why += ", and there were no more: the capacity is higher, raise visits"
	}
	return d
}
