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

// Scenario is one file.
type Scenario struct {
	Name      string                       `yaml:"name"`  // equals the file's name
	Claim     string                       `yaml:"claim"` // one sentence
	Load      Traffic                      `yaml:"load"`
	Settings  map[string]map[string]string `yaml:"settings"`  // unit → environment that overrides, such as shortened timers
	Instances map[string]int               `yaml:"instances"` // unit → how many, where not one
	Warmup    time.Duration                `yaml:"warmup"`    // load runs and nothing is judged; 1 s unless told
	Steady    Steady                       `yaml:"steady"`
	Faults    []fault.Spec                 `yaml:"faults"`  // none: a control
	Recover   time.Duration                `yaml:"recover"` // how long load goes on after the last fault
	Drain     time.Duration                `yaml:"drain"`   // the longest wait, without load, for what must hold after; 20 s unless told
	Expect    Expect                       `yaml:"expect"`
	Risk      string                       `yaml:"risk"`    // a check that counts objects in the risky state when the fault struck
	Verdict   Verdict                      `yaml:"verdict"` // what this file must give; PASS unless told

	Path   string `yaml:"-"`
	Source []byte `yaml:"-"`
	places places
}

// Traffic says who comes and how often.
type Traffic struct {
	Shoppers string    `yaml:"shoppers"`
	Rate     load.Rate `yaml:"rate"`
}

// Steady is the baseline. In a file, `steady: 4s` is short for `steady: {for: 4s}`.
type Steady struct {
	For    time.Duration `yaml:"for,short"`
	Expect []Expectation `yaml:"expect"`
}

// Expect is what must be true while a fault lasts, and after the last one.
type Expect struct {
	During []Expectation `yaml:"during"`
	After  []Expectation `yaml:"after"`
}

// What holds where a file says nothing.
const (
	defaultWarmup     = time.Second
	defaultDrain      = 20 * time.Second
	DefaultMinSamples = 20 // operations that a signal must rest on
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
