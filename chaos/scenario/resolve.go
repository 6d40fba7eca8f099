package scenario

import (
	"fmt"
	"slices"

	"stormglass/chaos/fault"
	"stormglass/chaos/system"
)

// Vocabulary is what the names in a scenario may refer to.
type Vocabulary struct {
	System                    *system.System
	Shoppers, Signals, Checks []string
	Acts                      []string
	Operation                 string // the one by which capacity is measured; "" where none is
}

// Resolve holds every name against the vocabulary. Backlogs are the exception: only a running system knows them.
func (s *Scenario) Resolve(v Vocabulary) error {
	r := s.reader()
	r.oneOf("load.shoppers", "shopper", s.Load.Shoppers, v.Shoppers)
	if s.Risk != "" {
		r.oneOf("risk", "check", s.Risk, v.Checks)
	}
	for _, unit := range sorted(s.Settings) {
		r.oneOf("settings."+unit+":", "unit", unit, v.System.UnitNames())
	}
	for _, unit := range sorted(s.Instances) {
		r.oneOf("instances."+unit+":", "unit", unit, v.System.UnitNames())
	}
	for i, f := range s.Faults {
		path := fmt.Sprintf("faults[%d]", i)
		if f.Link != "" {
			r.link(path+".link", f.Link, v)
		}
		if f.Process != "" {
			r.process(path+".process", f.Process, v)
		}
		if f.Shoppers != "" {
			r.oneOf(path+".shoppers", "shopper", f.Shoppers, v.Shoppers)
		}
		if f.Act != "" {
			r.oneOf(path+".act", "act", f.Act, v.Acts)
		}
		if f.When != nil {
			r.moment(path+".when", *f.When, v)
		}
		if f.Do == fault.ProbeName && v.Operation == "" {
			r.at(path+".do", "%s does not say which operation its capacity is measured by: its registry has no workload", v.System.Name)
		}
	}
	for path, list := range map[string][]Expectation{"steady.expect": s.Steady.Expect, "expect.during": s.Expect.During, "expect.after": s.Expect.After} {
		for i, e := range list {
			r.names(fmt.Sprintf("%s[%d]", path, i), e, v)
		}
	}
	return r.err()
}

// names checks what one expectation refers to.
func (r *reader) names(path string, e Expectation, v Vocabulary) {
	switch e.Subject() {
	case "signal":
		r.oneOf(path+".signal", "signal", e.Signal, v.Signals)
	case "check":
		r.oneOf(path+".check", "check", e.Check, v.Checks)
	case "breaker":
		r.link(path+".breaker", e.Breaker, v)
		if e.HalfOpensWithin > 0 || e.LeaksAtMost != nil {
			r.telemetry(path+".breaker", v, "breaker_change")
		} else {
			r.telemetry(path+".breaker", v, "breaker_state", "breaker_opened")
		}
	case "amplification":
		r.link(path+".amplification", e.Amplification, v)
		r.telemetry(path+".amplification", v, "link_attempts", "link_retries")
	case "backlog":
		r.telemetry(path+".backlog", v, "backlog_depth")
	}
}

// telemetry makes sure that the system says how a short form is asked of its metrics.
func (r *reader) telemetry(path string, v Vocabulary, forms ...string) {
	for _, form := range forms {
		if v.System.Telemetry[form] == "" {
			r.at(path, "%s does not say how to ask for this: telemetry in %s has no %s", v.System.Name, v.System.Path, form)
		}
	}
}

func (r *reader) oneOf(path, what, name string, known []string) {
	if !slices.Contains(known, name) {
		r.at(path, "unknown %s %q%s", what, name, system.Hint(name, known))
	}
}

func (r *reader) link(path, name string, v Vocabulary) {
	if _, err := v.System.Link(name); err != nil {
		r.at(path, "%v", err)
	}
}

// moment checks where a fault waits.
func (r *reader) moment(path string, t fault.Trigger, v Vocabulary) {
	if t.Link != "" {
		r.link(path+".link", t.Link, v)
	}
	if t.Moment == "" {
		return
	}
	m, err := v.System.Moment(t.Moment)
	if err != nil {
		r.at(path+".moment", "%v", err)
		return
	}
	if here, err := v.System.Link(t.Link); err == nil && here.String() != m.Link {
		r.at(path+".link", "the moment %s is one of the link %s", t.Moment, m.Link)
	}
}

func (r *reader) process(path, name string, v Vocabulary) {
	if _, err := v.System.Unit(name); err != nil {
		r.at(path, "%v", err)
	}
}
