// Package report shows what a run came to: to people, and to the tools that read files.
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"stormglass/chaos/fault"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

// Text writes results for people: the verdict first, then what led to it.
type Text struct {
	W       io.Writer
	Verbose bool // every invariant, all measures of a dose, and the phases
}

// mark shows a finding's state at the beginning of its line.
func mark(s verdict.State) string {
	return map[verdict.State]string{verdict.Holds: "✓", verdict.Broken: "✗", verdict.Unproven: "?", verdict.Unasked: "!"}[s]
}

// Result writes one scenario.
func (t Text) Result(r run.Result) {
	v := r.Verdict
	t.line("%-13s %s  (%.1f s)", headline(v), title(r), r.Took.Seconds())
	t.line("  %s", v.Claim)
	for _, reason := range v.Reasons {
		t.line("  → %s", indent(reason))
	}
	for _, f := range slices.Concat(v.Baseline, v.Claims) {
		if t.Verbose || f.Subject != "traffic" || f.State != verdict.Holds {
			t.finding(f)
		}
	}
	if v.Risk != nil {
		t.finding(*v.Risk)
	}
	for _, d := range v.Doses {
		t.dose(d)
	}
	t.invariants(v.Invariants)
	t.counterexample(v.Counterexample)
	t.line("  load        %d visits at %s/s, latest start %v late", v.Load.Visits, compact(v.Load.Rate), v.Load.MaxLag.Round(time.Millisecond))
	for _, unit := range slices.Sorted(maps.Keys(v.Settings)) {
		for _, name := range slices.Sorted(maps.Keys(v.Settings[unit])) {
			t.line("  setting     %s runs with %s=%s in this scenario", unit, name, v.Settings[unit][name])
		}
	}
	if t.Verbose {
		t.line("  phases      %s; own seed %d", phases(v.Phases), v.Seed)
	}
	t.line("  evidence    %s\n", r.Folder)
}

// Totals writes the last lines: of those that ran more than once, how often each gave what it was to give; and how many
// of all did. all is how many were to run.
func (t Text) Totals(results []run.Result, all int, seed uint64, out string) {
	for _, tally := range tallies(results) {
		if tally.runs > 1 {
			t.line("%d of %d  %s", tally.expected, tally.runs, tally.name)
		}
	}
	text := fmt.Sprintf("%d of %d scenarios gave the verdict that their files expect; seed %d; %s", expected(results), len(results), seed, out)
	if left := all - len(results); left > 0 {
		text = fmt.Sprintf("%s; %d did not run", text, left)
	}
	t.line("%s", text)
}

func expected(results []run.Result) (n int) {
	for _, r := range results {
		if r.Verdict.AsExpected() {
			n++
		}
	}
	return n
}

// tally is how often one scenario ran, and gave what its file expects.
type tally struct {
	name           string
	expected, runs int
}

// tallies counts by scenario, in the order of their first results.
func tallies(results []run.Result) (out []tally) {
	for _, r := range results {
		i := slices.IndexFunc(out, func(t tally) bool { return t.name == r.Verdict.Title() })
		if i < 0 {
			out, i = append(out, tally{name: r.Verdict.Title()}), len(out)
		}
		out[i].runs++
		if r.Verdict.AsExpected() {
			out[i].expected++
		}
	}
	return out
}

func (t Text) finding(f verdict.Finding) {
	t.line("  %s %-9s %s: %s (%s)", mark(f.State), f.Phase, f.Asked, f.Measured, f.Basis())
	for _, example := range f.Broken {
		t.line("              %s", example)
	}
}

func (t Text) dose(d fault.Dose) {
	sign := "✓"
	if !d.Hit {
		sign = "?"
	}
	t.line("  %s fault     %s: %s: %s", sign, d.Target, d.Asked, d.Why)
	if t.Verbose {
		for _, name := range slices.Sorted(maps.Keys(d.Measures)) {
			t.line("              %s = %s", name, compact(d.Measures[name]))
		}
	}
}

// invariants are one line while all hold; what does not hold, or everything when it is asked for, gets its own.
func (t Text) invariants(list []verdict.Finding) {
	holding, objects := 0, 0
	for _, f := range list {
		objects += f.Samples
		if f.State == verdict.Holds {
			holding++
		}
		if t.Verbose || f.State != verdict.Holds {
			t.finding(f)
		}
	}
	if len(list) > 0 {
		t.line("  invariants  %d of %d hold, %d objects compared", holding, len(list), objects)
	}
}

func (t Text) line(format string, args ...any) { fmt.Fprintf(t.W, format+"\n", args...) }

// title is a scenario's name, and which of its runs this was.
func title(r run.Result) string {
	if r.Round == 0 {
		return r.Verdict.Title()
	}
	return fmt.Sprintf("%s #%d", r.Verdict.Title(), r.Round)
}

func headline(v verdict.Verdict) string {
	switch {
	case !v.AsExpected():
		return fmt.Sprintf("%s (not %s)", v.Verdict, v.Expected)
	case v.Verdict != scenario.Pass:
		return fmt.Sprintf("%s (as expected)", v.Verdict)
	}
	return string(v.Verdict)
}

func phases(list []verdict.PhaseTime) string {
	var parts []string
	for _, p := range list {
		parts = append(parts, fmt.Sprintf("%s %.1f s", p.Name, p.Seconds))
	}
	return strings.Join(parts, ", ")
}

func indent(text string) string { return strings.ReplaceAll(text, "\n", "\n      ") }

func compact(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
