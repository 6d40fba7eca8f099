package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"stormglass/chaos/fault"
	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
)

type explainCommand struct {
	Name     string `arg:"" help:"A scenario's name or file."`
	Dir      string `help:"Folder of scenario files." default:"scenarios"`
	location `embed:""`
}

// Run tells what a scenario does and claims, in plain words.
func (c explainCommand) Run(env environment) error {
	sys, err := c.load()
	if err != nil {
		return err
	}
	s, err := c.find(sys, env.registry)
	if err != nil {
		return err
	}
	explanation{env.stdout, s, env.registry}.print()
	return nil
}

// find takes what looks like a file for one, and everything else for a name.
func (c explainCommand) find(sys *system.System, r verdict.Registry) (*scenario.Scenario, error) {
	if system.IsYAML(c.Name) {
		all, err := readAll([]string{c.Name}, sys, r)
		if err != nil {
			return nil, err
		}
		return all[0], nil
	}
	all, err := readAll([]string{c.Dir}, sys, r)
	if err != nil {
		return nil, err
	}
	named, err := only(all, []string{c.Name})
	if err != nil {
		return nil, err
	}
	return named[0], nil
}

// explanation prints one scenario.
type explanation struct {
	w io.Writer
	s *scenario.Scenario
	r verdict.Registry
}

func (x explanation) print() {
	s := x.s
	x.line("%s must be %s.\n\n  %s\n", s.Name, s.Verdict, oneLine(s.Claim))
	x.line("Who comes: %s, %s", s.Load.Shoppers, s.Load.Rate)
	for _, unit := range sorted(s.Instances) {
		x.line("There are %d of %s", s.Instances[unit], unit)
	}
	for _, unit := range sorted(s.Settings) {
		for _, key := range sorted(s.Settings[unit]) {
			x.line("%s runs with %s=%s", unit, key, s.Settings[unit][key])
		}
	}
	x.timeline()
	x.list("The baseline must show:", s.Baseline())
	x.list("While the fault lasts:", s.Expect.During)
	x.list("Afterwards:", s.Expect.After)
	if s.Risk != "" {
		x.line("\nWhen the fault strikes, there must be some: %s", s.Risk)
	}
	x.words()
}

func (x explanation) timeline() {
	s := x.s
	x.line("\nTimeline, from the first visit on:")
	at := time.Duration(0)
	x.line("  %6s  warm-up, nothing is judged", at)
	at += s.Warmup
	x.line("  %6s  baseline", at)
	at += s.Steady.For
	end := at
	for _, f := range s.Faults {
		x.line("  %6s  %s", at+f.At, describe(f))
		end = max(end, at+f.At+f.For)
	}
	if len(s.Faults) > 0 {
		x.line("  %6s  the last fault is over", end)
	}
	x.line("  %6s  the load ends; up to %s for what must hold then", end+s.Recover, s.Drain)
}

// describe is one fault in a sentence.
func describe(f fault.Spec) string {
	text := fmt.Sprintf("%s %s%s for %s", f.Do, crowdOf(f), f.Target(), f.For)
	if f.When != nil {
		text += ", at " + f.When.String()
	}
	if f.On > 0 {
		text += fmt.Sprintf(", %s on and %s off", f.On, f.Off)
	}
	return text
}

// crowdOf is the size of a load spike or a probe, for its sentence.
func crowdOf(f fault.Spec) string {
	switch {
	case f.Capacity != nil:
		return fmt.Sprintf("of %g times the capacity found, %d at most, ", *f.Capacity, f.Visits)
	case f.Do == fault.ProbeName:
		return fmt.Sprintf("with %d visits at a time, %d in all at most, ", fault.ProbeVisits, f.Visits)
	case f.Visits > 0:
		return fmt.Sprintf("of %d ", f.Visits)
	}
	return ""
}

func (x explanation) list(title string, list []scenario.Expectation) {
	if len(list) == 0 {
		return
	}
	x.line("\n%s", title)
	for _, e := range list {
		if e.Signal != "" || e.Amplification != "" {
			x.line("  %s, over at least %d operations", e, e.Least())
		} else {
			x.line("  %s", e)
		}
	}
}

// words says what the names above mean, and what is checked though no scenario names it.
func (x explanation) words() {
	s := x.s
	used := map[string]bool{s.Load.Shoppers: true, s.Risk: true}
	for _, f := range s.Faults {
		used[f.Do], used[f.Shoppers], used[f.Act] = true, true, true
	}
	for _, e := range slices.Concat(s.Baseline(), s.Expect.During, s.Expect.After) {
		used[e.Signal], used[e.Check] = true, true
	}
	x.line("\nWhat these words mean:")
	word := func(name, doc string) {
		if used[name] {
			x.line("  %s: %s", name, doc)
		}
	}
	for _, k := range fault.Kinds() {
		word(k.Name, k.Doc)
	}
	for _, v := range x.r.Shoppers {
		word(v.Name, v.Doc)
	}
	for _, v := range x.r.Acts {
		word(v.Name, v.Doc)
	}
	for _, v := range x.r.Signals {
		word(v.Name, v.Doc)
	}
	for _, v := range x.r.Checks {
		word(v.Name, v.Doc)
	}
	x.line("\nAfter every scenario:")
	for _, c := range x.r.Checks {
		if c.Invariant {
			x.line("  %s: %s", c.Name, c.Doc)
		}
	}
}

func (x explanation) line(format string, args ...any) { fmt.Fprintf(x.w, format+"\n", args...) }
