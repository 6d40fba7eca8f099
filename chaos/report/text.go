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

	"stormglass/chaos/evidence"
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
	return map[verdict.State]string{verdict.Holds: "✓", verdict.Broken: "✗", verdict.Unproven: "?", verdict.Strained: "~", verdict.Unasked: "!"}[s]
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
	t.strain(v)
	if t.Verbose {
		t.line("  phases      %s; own seed %d", phases(v.Phases), v.Seed)
	}
	for _, e := range r.Earlier {
		t.line("  try %d       %s: %s, in %s", e.Try, e.Verdict.Verdict, e.Verdict.Reason, e.Folder)
	}
	t.line("  evidence    %s\n", r.Folder)
}

// Totals writes the last lines: of those that ran more than once, how often each gave what it was to give; how many of all
// did; what could not be judged on this machine, with the command that runs it alone; and what did not run.
func (t Text) Totals(suite run.Suite, seed uint64, out string) {
	results := suite.Results
	for _, tally := range tallies(results) {
		if tally.runs > 1 {
			t.line("%d of %d  %s", tally.expected, tally.runs, tally.name)
		}
	}
	t.line("%s", Machine(suite))
	t.line("%d of %d scenarios gave the verdict that their files expect; seed %d; %s", expected(results), len(results), seed, out)
	if names := unjudged(results); len(names) > 0 {
		t.line("%d could not be judged on this machine: %s", len(names), strings.Join(names, ", "))
		t.line("  when it is less busy: stormglass run --jobs 1 --seed %d --only %s scenarios", seed, strings.Join(names, ","))
	}
	if len(suite.NotRun) > 0 {
		t.line("%d did not run: %s", len(suite.NotRun), strings.Join(suite.NotRun, ", "))
	}
}

// unjudged names the scenarios that this machine did not let be judged, after all tries.
func unjudged(results []run.Result) (names []string) {
	for _, r := range results {
		if !r.Verdict.AsExpected() && r.Verdict.Unjudged() && !slices.Contains(names, r.Verdict.Name) {
			names = append(names, r.Verdict.Name)
		}
	}
	return names
}

// Machine says in one line what scenarios ran on, what a cell costs there, and how many ran at once.
func Machine(suite run.Suite) string {
	m := suite.Machine
	text := fmt.Sprintf("%d × %s", m.Processors, m.Processor)
	if m.Quota > 0 {
		text += fmt.Sprintf(", of which a quota leaves %.2f", m.Quota)
	}
	if c := suite.Calibration; c != nil {
		text += fmt.Sprintf("; one cell takes %.2f processors and the harness %.2f for it, others had %.2f", c.Cell, c.Harness, c.Outside)
	}
	if most, mean := cells(suite.Occupancy); most > 0 {
		text += fmt.Sprintf("; %.1f cells at once, %d at most", mean, most)
	}
	return text
}

// cells is how many ran at once: at most, and on average from the first change to the last.
func cells(all []run.Occupancy) (most int, mean float64) {
	for i, o := range all {
		most = max(most, o.Cells)
		if i > 0 {
			mean += float64(all[i-1].Cells) * o.At.Sub(all[i-1].At).Seconds()
		}
	}
	if len(all) < 2 {
		return most, float64(most)
	}
	return most, mean / all[len(all)-1].At.Sub(all[0].At).Seconds()
}

// strain is one line of the most that others took, or one for each phase where everything is asked for.
func (t Text) strain(v verdict.Verdict) {
	var worst verdict.PhaseStrain
	for _, p := range v.Strain {
		if t.Verbose {
			t.line("  strain      %s", strainLine(p))
		}
		if p.Slowdown >= worst.Slowdown && p.Phase != evidence.Boot && p.Phase != evidence.Prepare {
			worst = p
		}
	}
	if !t.Verbose && worst.Strained {
		t.line("  strain      %s", strainLine(worst))
	}
}

func strainLine(p verdict.PhaseStrain) string {
	text := fmt.Sprintf("%s: %.0f ms of processor time taken (programs %.0f, other cells %.0f, harness %.0f, steal %.0f, quota %.0f), each ms of work waited up to %.1f ms for others; harness at most %.0f ms late",
		p.Phase, p.Taken.Total(), p.Taken.Programs, p.Taken.Cells, p.Taken.Harness, p.Taken.Steal, p.Taken.Quota, p.Slowdown, p.Late)
	if p.Strained {
		text += "; strained"
	}
	return text
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
	text := r.Verdict.Title()
	if r.Round > 0 {
		text += fmt.Sprintf(" #%d", r.Round)
	}
	if r.Try > 1 {
		text += fmt.Sprintf(", try %d", r.Try)
	}
	return text
}

func headline(v verdict.Verdict) string {
	switch {
	case v.Verdict == v.Expected && !v.AsExpected():
		return fmt.Sprintf("%s (%s)", v.Verdict, otherReason(v))
	case !v.AsExpected():
		return fmt.Sprintf("%s (not %s)", v.Verdict, v.Expected)
	case v.Verdict != scenario.Pass:
		return fmt.Sprintf("%s (as expected)", v.Verdict)
	}
	return string(v.Verdict)
}

// otherReason says that a verdict was reached by another way than its file asks for.
func otherReason(v verdict.Verdict) string {
	if v.ExpectedReason == "" {
		return fmt.Sprintf("for %s", v.Reason)
	}
	return fmt.Sprintf("for %s, not for %s", v.Reason, v.ExpectedReason)
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
