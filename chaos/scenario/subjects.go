package scenario

import (
	"fmt"
	"slices"
	"strings"

	"stormglass/chaos/system"
)

// subject is one thing that an expectation may be about, with the keys that it takes in each phase. Of the keys in
// need, at least one must be there.
type subject struct {
	name   string
	phases map[string]keys
}

type keys struct{ need, may []string }

// subjects is the grammar of expectations. A line here and an evaluator in the judge make one more.
func subjects() []subject {
	bounds := []string{"at_least", "at_most"}
	signal := keys{need: bounds, may: []string{"min_samples", "settle"}}
	recovery := keys{need: bounds, may: []string{"min_samples", "settle", "recovers_within"}}
	promql := keys{need: bounds, may: []string{"strain_excuses"}}
	amplification := keys{need: bounds, may: []string{"min_samples"}}
	breaker := keys{need: []string{"opens_within", "half_opens_within", "leaks_at_most"}}
	return []subject{
		{"signal", map[string]keys{"steady": signal, "during": signal, "after": recovery}},
		{"promql", map[string]keys{"steady": promql, "during": promql, "after": promql}},
		{"amplification", map[string]keys{"steady": amplification, "during": amplification, "after": amplification}},
		{"breaker", map[string]keys{"during": breaker, "after": {need: []string{"closes_within"}}}},
		{"backlog", map[string]keys{"during": {need: []string{"grows_to"}}, "after": {need: []string{"drained_within"}}}},
		{"check", map[string]keys{"after": {need: []string{"within"}}}},
	}
}

// phaseOf names the phase of a list of expectations.
func phaseOf(path string) string {
	return map[string]string{"steady.expect": "steady", "expect.during": "during", "expect.after": "after"}[path]
}

func (r *reader) expectations(path string, list []Expectation, s *Scenario) {
	phase := phaseOf(path)
	if phase == "during" && len(list) > 0 && len(s.Faults) == 0 {
		r.at(path, "nothing can be expected during a fault, because the scenario has no faults: use steady or after")
	}
	for i, e := range list {
		r.expectation(fmt.Sprintf("%s[%d]", path, i), phase, e, s)
	}
}

func (r *reader) expectation(path, phase string, e Expectation, s *Scenario) {
	name := e.Subject()
	i := slices.IndexFunc(subjects(), func(s subject) bool { return s.name == name })
	if i < 0 {
		r.at(path, "an expectation is about exactly one of signal, promql, amplification, breaker, backlog and check")
		return
	}
	allowed, ok := subjects()[i].phases[phase]
	if !ok {
		r.at(path+"."+name+":", "%s cannot be expected here; it can under %s", name, strings.Join(sorted(subjects()[i].phases), " and "))
		return
	}
	given := r.keys(path)
	if !slices.ContainsFunc(allowed.need, func(key string) bool { return slices.Contains(given, key) }) {
		r.at(path, "%s needs %s", name, strings.Join(allowed.need, " or "))
	}
	words := append(append([]string{name}, allowed.need...), allowed.may...)
	for _, key := range given {
		if !slices.Contains(words, key) {
			r.at(path+"."+key+":", "%s does not take %s under %s%s", name, key, phase, system.Hint(key, words))
		}
	}
	r.sense(path, phase, e, s)
}

// sense refuses what is well formed and cannot mean anything.
func (r *reader) sense(path, phase string, e Expectation, s *Scenario) {
	if e.AtLeast != nil && e.AtMost != nil && *e.AtLeast > *e.AtMost {
		r.at(path+".at_least", "at_least is above at_most: no value keeps to both")
	}
	if phase == "after" && len(s.Faults) == 0 && (e.Breaker != "" || e.Backlog != "" || e.RecoversWithin > 0) {
		r.at(path, "%s is counted from the end of the last fault, and the scenario has no faults", e.Subject())
	}
	if given := r.questions(path); len(given) > 1 {
		r.at(path, "%s ask for different things: make one expectation of each", strings.Join(given, " and "))
	}
	if e.Settle > 0 && e.RecoversWithin > 0 {
		r.at(path+".settle:", "settle leaves the time out that recovers_within measures: give one of them")
	}
	if e.RecoversWithin >= s.Recover && e.RecoversWithin > 0 {
		r.at(path+".recovers_within", "recovers_within (%v) must be shorter than recover (%v), which is all that is looked at", e.RecoversWithin, s.Recover)
	}
	if e.LeaksAtMost != nil && *e.LeaksAtMost < 0 {
		r.at(path+".leaks_at_most", "leaks_at_most: expected a number of calls, 0 or more")
	}
	if phase == "after" && e.Signal != "" && s.Recover <= e.Settle {
		r.at(path, "a signal after the fault is measured over recover (%v) without settle (%v): nothing is left", s.Recover, e.Settle)
	}
	for _, key := range []string{"opens_within", "half_opens_within", "closes_within", "drained_within", "within", "recovers_within"} {
		if r.places[path+"."+key] != nil && r.places[path+"."+key].Value == "0s" {
			r.at(path+"."+key, "%s: expected a duration above 0", key)
		}
	}
}

// questions lists the keys of a breaker's expectation that are each a question of their own.
func (r *reader) questions(path string) []string {
	return slices.DeleteFunc(r.keys(path), func(key string) bool {
		return !slices.Contains([]string{"opens_within", "half_opens_within", "leaks_at_most"}, key)
	})
}
