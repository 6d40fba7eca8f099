package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Expectation is one entry under `expect`. It has exactly one subject, and the keys that belong to it.
type Expectation struct {
	// The subjects.
	Signal  string `yaml:"signal" doc:"A registered signal."`
	Breaker string `yaml:"breaker" doc:"The breaker of a link, \"client -> server\"."`
	PromQL  string `yaml:"promql" doc:"A query that gives one number, asked at the end of the phase."`
	Backlog string `yaml:"backlog" doc:"A queue, an outbox or a list of durable work."`
	Check   string `yaml:"check" doc:"A registered check."`

	Amplification string `yaml:"amplification" doc:"The attempts that a link's client made for each operation whose first attempt went out; 1: none was a retry."`

	AtLeast *float64 `yaml:"at_least" doc:"The lowest value allowed."`
	AtMost  *float64 `yaml:"at_most" doc:"The highest value allowed."`

	StrainExcuses bool `yaml:"strain_excuses" doc:"That the query misses its bounds may be due to a machine that is short of processor time; then it is not held against the system."`

	MinSamples int           `yaml:"min_samples" doc:"The fewest operations that the value must rest on; 10 unless told."`
	Settle     time.Duration `yaml:"settle" doc:"How much of the phase's beginning is left out."`

	RecoversWithin time.Duration `yaml:"recovers_within" doc:"From the end of the last fault to the moment from which on the signal keeps its bounds."`

	OpensWithin     time.Duration `yaml:"opens_within" doc:"From the start of the first fault."`
	HalfOpensWithin time.Duration `yaml:"half_opens_within" doc:"From each opening to the trial that follows it."`
	LeaksAtMost     *float64      `yaml:"leaks_at_most" doc:"Calls that reached the server while the breaker was open, counted by the server's own spans, to the end of the run; one that was on its way when it opened counts too."`
	ClosesWithin    time.Duration `yaml:"closes_within" doc:"From the end of the last fault."`

	GrowsTo       *float64      `yaml:"grows_to" doc:"At least so deep while the fault lasts."`
	DrainedWithin time.Duration `yaml:"drained_within" doc:"From the end of the last fault."`
	Within        time.Duration `yaml:"within" doc:"From the end of the load."`
}

// Subject is the key that says what the expectation is about, or "" when there is not exactly one.
func (e Expectation) Subject() string {
	var found string
	for key, value := range map[string]string{"signal": e.Signal, "breaker": e.Breaker, "promql": e.PromQL, "backlog": e.Backlog, "check": e.Check, "amplification": e.Amplification} {
		if value == "" {
			continue
		}
		if found != "" {
			return ""
		}
		found = key
	}
	return found
}

// String is the expectation in words, the same for the same expectation.
func (e Expectation) String() string {
	switch e.Subject() {
	case "signal":
		text := e.Signal + e.bounds()
		if e.Settle > 0 {
			text += fmt.Sprintf(" after %v", e.Settle)
		}
		if e.RecoversWithin > 0 {
			text += fmt.Sprintf(" again within %v", e.RecoversWithin)
		}
		return text
	case "amplification":
		return "attempts per operation on " + e.Amplification + e.bounds()
	case "promql":
		return e.PromQL + e.bounds()
	case "breaker":
		switch {
		case e.OpensWithin > 0:
			return fmt.Sprintf("breaker %s opens within %v", e.Breaker, e.OpensWithin)
		case e.HalfOpensWithin > 0:
			return fmt.Sprintf("breaker %s half-opens within %v of opening", e.Breaker, e.HalfOpensWithin)
		case e.LeaksAtMost != nil:
			return fmt.Sprintf("breaker %s leaks at most %s calls while open", e.Breaker, number(*e.LeaksAtMost))
		}
		return fmt.Sprintf("breaker %s closes within %v", e.Breaker, e.ClosesWithin)
	case "backlog":
		if e.GrowsTo != nil {
			return fmt.Sprintf("backlog %s grows to %s", e.Backlog, number(*e.GrowsTo))
		}
		return fmt.Sprintf("backlog %s drained within %v", e.Backlog, e.DrainedWithin)
	case "check":
		return fmt.Sprintf("%s within %v", e.Check, e.Within)
	}
	return "nothing"
}

// Least is the fewest operations that the value must rest on.
func (e Expectation) Least() int {
	if e.MinSamples > 0 {
		return e.MinSamples
	}
	return DefaultMinSamples
}

// Allows reports whether a value keeps to at_least and at_most.
func (e Expectation) Allows(value float64) bool {
	return (e.AtLeast == nil || value >= *e.AtLeast) && (e.AtMost == nil || value <= *e.AtMost)
}

func (e Expectation) bounds() string {
	var b strings.Builder
	if e.AtLeast != nil {
		b.WriteString(" at least " + number(*e.AtLeast))
	}
	if e.AtLeast != nil && e.AtMost != nil {
		b.WriteString(" and")
	}
	if e.AtMost != nil {
		b.WriteString(" at most " + number(*e.AtMost))
	}
	return b.String()
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
