package verdict

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/observe"
	"stormglass/chaos/scenario"
)

// origin is when the fault begins; the run is 4 s of steady, 4 s of fault, 4 s of recover and 2 s of drain.
var origin = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return origin.Add(time.Duration(seconds * float64(time.Second))) }

// curve is a series as steps: from each second on, the value.
type curve map[float64]float64

// value is the curve's value at a time; before the first step there is none.
func (c curve) value(t time.Time) (value float64, ok bool) {
	for _, from := range slices.Sorted(maps.Keys(c)) {
		if !at(from).After(t) {
			value, ok = c[from], true
		}
	}
	return value, ok
}

// recorded answers each expression with a curve.
type recorded map[string]curve

func (r recorded) Query(_ context.Context, promql string, t time.Time) (observe.Vector, error) {
	if promql == "two" {
		return make(observe.Vector, 2), nil
	}
	if promql == "nonsense(" {
		return nil, errors.New("parse error")
	}
	if value, ok := r[promql].value(t); ok {
		return observe.Vector{{Point: observe.Point{Time: t, Value: value}}}, nil
	}
	return nil, nil
}

func (r recorded) QueryRange(_ context.Context, promql string, from, to time.Time, step time.Duration) (observe.Matrix, error) {
	var s observe.Series
	for t := from; !t.After(to); t = t.Add(step) {
		if value, ok := r[promql].value(t); ok {
			s.Points = append(s.Points, observe.Point{Time: t, Value: value})
		}
	}
	if len(s.Points) == 0 {
		return nil, nil
	}
	return observe.Matrix{s}, nil
}

// folder is a run in which all went well: ten operations a second, each ok.
func folder() *evidence.Folder {
	f := &evidence.Folder{
		Run: evidence.Run{
			Telemetry: map[string]string{"breaker_state": "state $client>$server", "breaker_opened": "opened $client>$server", "backlog_depth": "depth $backlog"},
			Phases: []evidence.Phase{
				{Name: evidence.Steady, Start: at(-4), End: at(0)}, {Name: evidence.Fault, Start: at(0), End: at(4)},
				{Name: evidence.Recover, Start: at(4), End: at(8)}, {Name: evidence.Drain, Start: at(8), End: at(10)}, {Name: evidence.Collect, Start: at(10), End: at(10)},
			},
			Held: map[string]time.Time{},
		},
		Doses: []fault.Dose{{Fault: "blackhole", Target: "a -> b", Hit: true}},
	}
	for i := -40; i < 80; i++ {
		f.History = append(f.History, load.Operation{Intended: at(float64(i) / 10), Outcome: load.OK})
	}
	return f
}

func registry() Registry {
	return Registry{
		Signals: []Signal{{Name: "success", Unit: "of 1", Func: func(ops []load.Operation) (value float64, samples int) {
			for _, op := range ops {
				if op.Outcome == load.OK {
					value++
				}
			}
			return value / max(1, float64(len(ops))), len(ops)
		}}},
		Checks: []Check{
			{Name: "sound", Invariant: true, Min: 3, Func: func(*evidence.Folder) Result { return Result{Holds: true, Compared: 3} }},
			{Name: "tidy", Func: func(*evidence.Folder) Result { return Result{Holds: true, Compared: 1, Measured: "all tidy"} }},
			{Name: "empty", Func: func(*evidence.Folder) Result { return Result{Holds: true} }},
			{Name: "wrong", Func: func(*evidence.Folder) Result { return Result{Compared: 9, Broken: []string{"this"}} }},
		},
	}
}

func bound(x float64) *float64 { return &x }

// judged asks one expectation of a phase.
func judged(t *testing.T, phase string, e scenario.Expectation, f *evidence.Folder, m recorded) Finding {
	t.Helper()
	q := query{Bench{Registry: registry(), Metrics: m, Scenario: &scenario.Scenario{}}, f, t.Context()}
	return q.expectations(phase, []scenario.Expectation{e})[0]
}

func expectFinding(t *testing.T, got Finding, state State, measured string) {
	t.Helper()
	if got.State != state || !strings.Contains(got.Measured, measured) {
		t.Errorf("got %s (%q), want %s (%q)", got.State, got.Measured, state, measured)
	}
}

func TestSignal(t *testing.T) {
	failing := func(from, to float64) *evidence.Folder {
		f := folder()
		for i, op := range f.History {
			if !op.Intended.Before(at(from)) && op.Intended.Before(at(to)) {
				f.History[i].Outcome = load.Failed
			}
		}
		return f
	}
	success := scenario.Expectation{Signal: "success", AtLeast: bound(0.9)}
	patient := scenario.Expectation{Signal: "success", AtLeast: bound(0.9), Settle: time.Second}
	many := scenario.Expectation{Signal: "success", AtLeast: bound(0.9), MinSamples: 41}
	few := scenario.Expectation{Signal: "success", AtMost: bound(0.5)}
	late := failing(-1, 0)
	for i, op := range late.History {
		if op.Outcome != load.OK {
			late.History[i].End = at(0.5)
		}
	}
	for name, c := range map[string]struct {
		phase    string
		e        scenario.Expectation
		f        *evidence.Folder
		state    State
		measured string
		samples  int
	}{
		"holds":                              {"during", success, folder(), Holds, "1 of 1", 40},
		"broken":                             {"during", success, failing(0, 1), Broken, "0.75 of 1", 40},
		"is not told of another phase":       {"after", success, failing(0, 4), Holds, "1 of 1", 40},
		"the steady phase counts for steady": {"steady", success, failing(-4, 0), Broken, "0 of 1", 40},
		"what the fault found under way is not the baseline's": {"steady", success, late, Holds, "1 of 1", 30},
		"settling is left out":                                 {"during", patient, failing(0, 1), Holds, "1 of 1", 30},
		"too few operations":                                   {"during", many, folder(), Unproven, "too few operations, needs 41", 40},
		"at most":                                              {"during", few, folder(), Broken, "1 of 1", 40},
		"not registered":                                       {"during", scenario.Expectation{Signal: "other"}, folder(), Unasked, "not registered", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := judged(t, c.phase, c.e, c.f, nil)
			expectFinding(t, got, c.state, c.measured)
			if got.Samples != c.samples {
				t.Errorf("samples: got %d, want %d", got.Samples, c.samples)
			}
		})
	}
}

func TestPromQLIsAskedAtTheEndOfThePhase(t *testing.T) {
	m := recorded{"x": {-4: 1, 3: 5, 7: 9}, "nan": {-4: nan()}}
	for name, c := range map[string]struct {
		phase, promql string
		least         float64
		state         State
		measured      string
	}{
		"steady":        {"steady", "x", 1, Holds, "1"},
		"during":        {"during", "x", 5, Holds, "5"},
		"after":         {"after", "x", 10, Broken, "9"},
		"no series":     {"during", "y", 0, Unproven, "no value"},
		"not a number":  {"during", "nan", 0, Unproven, "no value"},
		"many series":   {"during", "two", 0, Unasked, "must be one number"},
		"not an answer": {"during", "nonsense(", 0, Unasked, "parse error"},
	} {
		t.Run(name, func(t *testing.T) {
			e := scenario.Expectation{PromQL: c.promql, AtLeast: bound(c.least)}
			expectFinding(t, judged(t, c.phase, e, folder(), m), c.state, c.measured)
		})
	}
}

func nan() float64 {
	var zero float64
	return zero / zero
}

func TestBreaker(t *testing.T) {
	opens := scenario.Expectation{Breaker: "a -> b", OpensWithin: 2 * time.Second}
	closes := scenario.Expectation{Breaker: "a -> b", ClosesWithin: 2 * time.Second}
	for name, c := range map[string]struct {
		e             scenario.Expectation
		state, opened curve
		want          State
		measured      string
	}{
		"opens in time":                             {opens, curve{-4: 0, 1: 2}, nil, Holds, "opened after 1s"},
		"opens too late":                            {opens, curve{-4: 0, 3: 2}, nil, Broken, "opened after 3s"},
		"never opens":                               {opens, curve{-4: 0}, nil, Broken, "never opened"},
		"opens only after the fault":                {opens, curve{-4: 0, 5: 2}, nil, Broken, "never opened"},
		"half-open is not open":                     {opens, curve{-4: 0, 1: 1}, nil, Broken, "never opened"},
		"opens and closes between two scrapes":      {opens, curve{-4: 0}, curve{-4: 3, 1.5: 4}, Holds, "opened after 1.5s"},
		"openings before the fault do not count":    {opens, curve{-4: 0}, curve{-4: 0, -1: 1}, Broken, "never opened"},
		"a counter that starts again is no opening": {opens, curve{-4: 0}, curve{-4: 3, 1: 0}, Broken, "never opened"},
		"never scraped":                             {opens, nil, nil, Unproven, "never scraped"},
		"closes in time":                            {closes, curve{-4: 0, 1: 2, 5: 0}, nil, Holds, "closed after 1s"},
		"closed before the fault ended":             {closes, curve{-4: 0, 1: 2, 3: 0}, nil, Holds, "closed after 0s"},
		"closes too late":                           {closes, curve{-4: 0, 1: 2, 7: 0}, nil, Broken, "closed after 3s"},
		"closes, and opens again":                   {closes, curve{-4: 0, 1: 2, 5: 0, 7: 2, 9: 0}, nil, Broken, "closed after 5s"},
		"opens again between two scrapes":           {closes, curve{-4: 0, 1: 2, 5: 0}, curve{-4: 0, 1: 1, 7: 2}, Broken, "closed after 3"},
		"stays half-open":                           {closes, curve{-4: 0, 1: 2, 5: 1}, nil, Broken, "still not closed after 6s"},
		"had nothing to close":                      {closes, curve{-4: 0}, nil, Unproven, "never opened"},
	} {
		t.Run(name, func(t *testing.T) {
			got := judged(t, "during", c.e, folder(), recorded{"state a>b": c.state, "opened a>b": c.opened})
			expectFinding(t, got, c.want, c.measured)
		})
	}
}

func TestBacklog(t *testing.T) {
	grows := scenario.Expectation{Backlog: "q", GrowsTo: bound(5)}
	drained := scenario.Expectation{Backlog: "q", DrainedWithin: 2 * time.Second}
	for name, c := range map[string]struct {
		e        scenario.Expectation
		depth    curve
		want     State
		measured string
	}{
		"grows":                              {grows, curve{-4: 0, 1: 7, 2: 0}, Holds, "grew to 7"},
		"does not grow far enough":           {grows, curve{-4: 0, 1: 4}, Broken, "grew to 4"},
		"grows only after the fault":         {grows, curve{-4: 0, 5: 7}, Broken, "grew to 0"},
		"drains in time":                     {drained, curve{-4: 0, 1: 7, 5: 0}, Holds, "grew to 7; empty after 1"},
		"drains while new work comes":        {drained, curve{-4: 0, 1: 7, 5: 0, 6: 1, 9: 0}, Holds, "empty after 1"},
		"drains too late":                    {drained, curve{-4: 0, 1: 7, 7: 0}, Broken, "empty after 3"},
		"is not empty in the end":            {drained, curve{-4: 0, 1: 7, 5: 0, 9: 2}, Broken, "2 still wait 6s after the fault"},
		"never drains":                       {drained, curve{-4: 0, 1: 7}, Broken, "7 still wait"},
		"a dip during the fault is no drain": {drained, curve{-4: 0, 1: 7, 2: 0, 3: 7, 7: 0}, Broken, "empty after 3"},
		"had nothing to drain":               {drained, curve{-4: 0}, Unproven, "nothing ever waited"},
		"never scraped":                      {drained, nil, Unproven, "never scraped"},
	} {
		t.Run(name, func(t *testing.T) {
			expectFinding(t, judged(t, "after", c.e, folder(), recorded{"depth q": c.depth}), c.want, c.measured)
		})
	}
}

func TestCheck(t *testing.T) {
	tidy := scenario.Expectation{Check: "tidy", Within: time.Second}
	held := func(when float64) *evidence.Folder {
		f := folder()
		f.Run.Held[tidy.String()] = at(when)
		return f
	}
	expectFinding(t, judged(t, "after", tidy, held(8.5), nil), Holds, "all tidy, 500ms after the load ended")
	expectFinding(t, judged(t, "after", tidy, held(9.5), nil), Broken, "1.5s after the load ended")
	expectFinding(t, judged(t, "after", tidy, folder(), nil), Broken, "2s after the load ended")
	expectFinding(t, judged(t, "after", scenario.Expectation{Check: "empty", Within: time.Hour}, folder(), nil), Unproven, "compared too few, needs 1")
	expectFinding(t, judged(t, "after", scenario.Expectation{Check: "wrong", Within: time.Hour}, folder(), nil), Broken, "")
}
