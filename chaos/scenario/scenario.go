// Package scenario is the file format of a claim with a timeline: what is broken, when, and what must be true of the
// system while it is and after.
//
// A file is read in two steps. Parse knows the grammar alone; Resolve holds the names against one system and what is
// registered for it. Every mistake is told with its place, what was expected, and the nearest valid word.
package scenario

import (
	"time"

	"stormglass/chaos/fault"
	"stormglass/chaos/load"
)

// Verdict is what judging a run comes to.
type Verdict string

// The four verdicts. What is neither broken nor proven is Inconclusive; Pass is only what is left.
const (
	Pass         Verdict = "PASS"
	Fail         Verdict = "FAIL"         // a claim or an invariant broke
	Inconclusive Verdict = "INCONCLUSIVE" // the fault touched nothing, or a check compared too little
	Invalid      Verdict = "INVALID"      // the baseline was not steady, or the harness itself failed
)

// Verdicts lists the four.
func Verdicts() []Verdict { return []Verdict{Pass, Fail, Inconclusive, Invalid} }

// Scenario is one file. The doc of a key is what the schema and `explain` say of it.
type Scenario struct {
	Name      string                       `yaml:"name" doc:"Words of small letters and digits joined by -; equals the file's name."`
	Claim     string                       `yaml:"claim" doc:"One sentence that says what must be true."`
	Load      Traffic                      `yaml:"load" doc:"Who comes, and how often."`
	Settings  map[string]map[string]string `yaml:"settings" doc:"Unit → environment that overrides the system's, such as shortened timers."`
	Instances map[string]int               `yaml:"instances" doc:"Unit → how many of it, where not one."`
	Warmup    time.Duration                `yaml:"warmup" doc:"Load runs and nothing is judged; 1s unless told."`
	Steady    Steady                       `yaml:"steady" doc:"The baseline: how long it lasts and what it must show."`
	Faults    []fault.Spec                 `yaml:"faults" doc:"What goes wrong, and when; none: a control."`
	Recover   time.Duration                `yaml:"recover" doc:"How long load goes on after the last fault."`
	Drain     time.Duration                `yaml:"drain" doc:"The longest wait, without load, for what must hold after, counted from the last change in the books of the system, and three times that at most; 20s unless told."`
	Expect    Expect                       `yaml:"expect" doc:"What must be true."`
	Risk      string                       `yaml:"risk" doc:"A check that counts objects in the risky state when the fault struck; none of them: INCONCLUSIVE."`
	Alone     bool                         `yaml:"alone" doc:"Its claims are about time: no other scenario runs beside it."`
	Verdict   Verdict                      `yaml:"verdict" doc:"What this file must give; by default PASS."`
	Reason    Reason                       `yaml:"reason" doc:"The reason code that a verdict other than PASS must carry: a negative control must fail for what it is about."`

	Path   string `yaml:"-"`
	Source []byte `yaml:"-"`
	places places
}

// Traffic says who comes and how often.
type Traffic struct {
	Shoppers string    `yaml:"shoppers" doc:"A registered kind of shopper."`
	Rate     load.Rate `yaml:"rate" doc:"Visits per second, such as 20/s; arrivals do not wait for answers."`
}

// Steady is the baseline. In a file, `steady: 4s` is short for `steady: {for: 4s}`.
type Steady struct {
	For    time.Duration `yaml:"for,short" doc:"How long the baseline lasts."`
	Expect []Expectation `yaml:"expect" doc:"What it must show; unless told, every signal that must hold during the fault."`
}

// Expect is what must be true while a fault lasts, and after the last one.
type Expect struct {
	During []Expectation `yaml:"during" doc:"From the start of the first fault to the end of the last one."`
	After  []Expectation `yaml:"after" doc:"From the end of the last fault on."`
}

// What holds where a file says nothing.
const (
	defaultWarmup     = time.Second
	defaultDrain      = 20 * time.Second
	DefaultMinSamples = 10 // operations that a signal must rest on
)

// Baseline is what the steady phase must show: what the file says, or else every signal that must hold during the fault.
func (s *Scenario) Baseline() []Expectation {
	if len(s.Steady.Expect) > 0 {
		return s.Steady.Expect
	}
	var signals []Expectation
	for _, e := range s.Expect.During {
		if e.Signal != "" {
			e.Settle = 0
			signals = append(signals, e)
		}
	}
	return signals
}

// Length is about how long the run takes once it has booted, without its drain.
func (s *Scenario) Length() time.Duration {
	var faults time.Duration
	for _, f := range s.Faults {
		faults = max(faults, f.At+f.For)
	}
	return s.Warmup + s.Steady.For + faults + s.Recover
}
