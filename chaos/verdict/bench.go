package verdict

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/observe"
	"stormglass/chaos/scenario"
)

// Bench puts a scenario's questions to the evidence. The judge asks them of a closed folder; the runner asks the same ones
// while the run is on, to learn when a wait may end.
type Bench struct {
	Scenario *scenario.Scenario
	Registry Registry
	Metrics  Metrics
	Traces   observe.Traces // nil when they cannot be read
}

// Metrics answers PromQL, from a run that goes on or from one that is over.
type Metrics interface {
	Query(ctx context.Context, promql string, at time.Time) (observe.Vector, error)
	QueryRange(ctx context.Context, promql string, from, to time.Time, step time.Duration) (observe.Matrix, error)
}

// query is one look at the evidence.
type query struct {
	Bench
	*evidence.Folder
	ctx context.Context // of this look alone
}

// After asks what must hold after the faults: the expectations, then the invariants.
func (b Bench) After(ctx context.Context, f *evidence.Folder) []Finding {
	q := query{b, f, ctx}
	return append(q.expectations("after", b.Scenario.Expect.After), q.invariants()...)
}

// Verdict asks everything and weighs the answers.
func (b Bench) Verdict(ctx context.Context, f *evidence.Folder) Verdict {
	q := query{b, f, ctx}
	v := Verdict{
		Name: b.Scenario.Name, Tier: f.Run.Tier, Claim: b.Scenario.Claim, Expected: b.Scenario.Verdict, ExpectedReason: b.Scenario.Reason,
		Seed: f.Run.Seed, Doses: append([]fault.Dose{}, f.Doses...), Settings: f.Run.Settings, Load: f.Run.Load,
	}
	for _, p := range f.Run.Phases {
		v.Phases = append(v.Phases, PhaseTime{p.Name, p.Seconds()})
	}
	if q.reached(evidence.Steady) {
		v.Baseline = append(q.expectations("steady", b.Scenario.Baseline()), q.visited("steady", evidence.Steady))
	}
	if q.reached(evidence.Fault) {
		v.Claims = append(q.expectations("during", b.Scenario.Expect.During), q.visited("during", evidence.Fault))
		v.Risk = q.risk()
	}
	if q.reached(evidence.Drain) {
		v.Claims = append(v.Claims, q.expectations("after", b.Scenario.Expect.After)...)
		v.Invariants = q.invariants()
	}
	for _, list := range []*[]Finding{&v.Baseline, &v.Claims, &v.Invariants} {
		*list = append([]Finding{}, *list...) // an empty list, and not none, in JSON
	}
	v.Strain, v.starved = q.phases(), q.starved()
	v.Verdict, v.Reason, v.Reasons = v.weigh(f)
	v.Counterexample = q.counterexample(v)
	return v
}

// operations are what signals rest on.
const operations = "operations"

// traffic is the subject of the finding that there was somebody at all.
const traffic = "traffic"

func (q query) reached(phase string) bool {
	_, ok := q.Run.Phase(phase)
	return ok
}

// expectations asks each expectation of one phase.
func (q query) expectations(phase string, list []scenario.Expectation) []Finding {
	var findings []Finding
	for _, e := range list {
		finding, err := q.ask(phase, e)
		if err != nil {
			finding = Finding{State: Unasked, Measured: err.Error()}
		}
		finding = q.excuse(phase, e, finding)
		finding.Phase, finding.Subject, finding.Asked = phase, e.Subject(), e.String()
		findings = append(findings, finding)
	}
	return findings
}

// ask puts one expectation to its evaluator: one file of this package for each subject of the grammar.
func (q query) ask(phase string, e scenario.Expectation) (Finding, error) {
	switch e.Subject() {
	case "signal":
		return q.signal(phase, e)
	case "promql":
		return q.promql(phase, e)
	case "breaker":
		return q.breaker(e)
	case "amplification":
		return q.amplification(phase, e)
	case "backlog":
		return q.backlog(e)
	case "check":
		return q.check(e)
	}
	return Finding{}, errors.New("the judge has no evaluator for this subject")
}

// window is the stretch of the run that a phase of expectations speaks of.
func (q query) window(phase string) evidence.Phase {
	name := map[string]string{"steady": evidence.Steady, "during": evidence.Fault, "after": evidence.Recover}[phase]
	window, _ := q.Run.Phase(name)
	return window
}

// visited asks that there were shoppers at all: without them, nothing that follows means anything.
func (q query) visited(phase, name string) Finding {
	window, _ := q.Run.Phase(name)
	n := len(evidence.During(q.History, window))
	f := Finding{Phase: phase, Subject: traffic, Asked: traffic, Measured: fmt.Sprintf("%d operations", n), Samples: n, Of: operations, State: Holds}
	if n == 0 {
		f.State = Unproven
	}
	return f
}

func find[T any](list []T, what, name string, nameOf func(T) string) (T, error) {
	i := slices.IndexFunc(list, func(t T) bool { return nameOf(t) == name })
	if i < 0 {
		var none T
		return none, fmt.Errorf("find %s: %q is not registered", what, name)
	}
	return list[i], nil
}
