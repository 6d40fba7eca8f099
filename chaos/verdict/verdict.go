package verdict

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/observe"
	"stormglass/chaos/scenario"
)

// Verdict is what judging one run came to, with everything that led there.
type Verdict struct {
	Name     string           `json:"name"`
	Tier     string           `json:"tier"` // what the backends were
	Claim    string           `json:"claim"`
	Verdict  scenario.Verdict `json:"verdict"`
	Reason   scenario.Reason  `json:"reason,omitempty"` // the code of what decided it; PASS has none
	Expected scenario.Verdict `json:"expected"`
	// ExpectedReason is the code that the file asks for; none where it does not say.
	ExpectedReason scenario.Reason `json:"expected_reason,omitempty"`
	Reasons        []string        `json:"reasons,omitempty"` // why it is not PASS, the decisive findings in words

	Seed       uint64                       `json:"seed"`
	Doses      []fault.Dose                 `json:"faults"`
	Baseline   []Finding                    `json:"baseline"`
	Claims     []Finding                    `json:"claims"`
	Risk       *Finding                     `json:"risk,omitempty"`
	Invariants []Finding                    `json:"invariants"`
	Settings   map[string]map[string]string `json:"settings,omitempty"` // timers and the like that the scenario changed
	Load       evidence.Load                `json:"load"`
	Phases     []PhaseTime                  `json:"phases"`

	starved []string // probes that found no capacity because others had the processors

	Strain []PhaseStrain `json:"strain,omitempty"` // what others took from the cell; none where it was not measured

	Counterexample *Counterexample `json:"counterexample,omitempty"` // how one object that a broken check names came to that
}

// PhaseTime says how long one phase took.
type PhaseTime struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// Duration is the same as a duration.
func (p PhaseTime) Duration() time.Duration { return time.Duration(p.Seconds * float64(time.Second)) }

// AsExpected reports whether the run gave the verdict that its file asks for, and for the reason that it asks for. What a
// strained machine or a harness that stood still left open is never what a file asks for.
func (v Verdict) AsExpected() bool {
	return v.Verdict == v.Expected && !v.Unjudged() && (v.ExpectedReason == "" || v.Reason == v.ExpectedReason)
}

// Unjudged reports that this machine did not let the run be judged: others took its processors, or the harness stood still.
// Another try may tell.
func (v Verdict) Unjudged() bool {
	return v.Reason == scenario.Strained || v.Reason == scenario.HarnessStoodStill
}

// State is what was found out about one thing that was asked.
type State string

// The states of a finding.
const (
	Holds    State = "holds"
	Broken   State = "broken"
	Unproven State = "unproven" // too few samples, or nothing to compare
	Strained State = "strained" // it failed, and others had taken so much processor time that this may be why
	Unasked  State = "unasked"  // the question itself could not be put: the harness's failure
)

// Finding is one thing that was asked and what was measured.
type Finding struct {
	Phase    string   `json:"phase"`   // steady, during, after, end
	Subject  string   `json:"subject"` // what kind of question it is: signal, breaker, …, traffic, risk, invariant
	Asked    string   `json:"asked"`
	Measured string   `json:"measured"`
	Samples  int      `json:"samples"` // what it rests on, so many
	Of       string   `json:"of"`      // of these: operations, scrapes, calls, objects
	State    State    `json:"state"`
	Broken   []string `json:"broken,omitempty"` // examples of what is wrong

	waits bool // see Pending
	late  bool // see Late

	working bool // the system was still at work when it was compared
}

// String is the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s (%s)", f.Asked, f.Measured, f.Basis())
}

// Basis is what the finding rests on, in words.
func (f Finding) Basis() string {
	of := f.Of
	if of == "" {
		of = "objects"
	}
	return fmt.Sprintf("%d %s", f.Samples, of)
}

// Pending reports whether waiting may still change the finding for the better, once the load has ended.
func (f Finding) Pending() bool { return f.waits }

// Late reports that what was asked came true, but after the time that it had.
func (f Finding) Late() bool { return f.late }

// Judge judges an evidence folder. It reads nothing but the folder and changes nothing in it, so the same folder and
// registry give the same verdict whenever and wherever it is asked.
func Judge(dir string, registry Registry) (Verdict, error) {
	folder, err := evidence.Open(dir)
	if err != nil {
		return Verdict{}, fmt.Errorf("judge: %w", err)
	}
	folder.Decoded = new(evidence.Decoded)
	path := filepath.Join(dir, evidence.ScenarioFile)
	source, err := os.ReadFile(path)
	if err != nil {
		return Verdict{}, fmt.Errorf("judge: %w", err)
	}
	asked, err := scenario.Parse(path, source)
	if err != nil {
		return Verdict{}, fmt.Errorf("judge: %w", err)
	}
	bench := Bench{Scenario: asked, Registry: registry}
	if recorded, err := observe.Open(dir); err == nil {
		defer recorded.Close()
		bench.Metrics, bench.Traces = recorded, recorded
	} else {
		bench.Metrics = unreadable{err}
	}
	return bench.Verdict(context.Background(), folder), nil
}

// unreadable stands for metrics that a run did not leave behind: every question to them fails with the reason, which
// makes the verdict INVALID if anything is asked of them.
type unreadable struct{ err error }

func (u unreadable) Query(context.Context, string, time.Time) (observe.Vector, error) {
	return nil, u.err
}

func (u unreadable) QueryRange(context.Context, string, time.Time, time.Time, time.Duration) (observe.Matrix, error) {
	return nil, u.err
}
