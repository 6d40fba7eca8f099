package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"stormglass/chaos/cell"
	"stormglass/chaos/evidence"
	"stormglass/chaos/mutate"
	"stormglass/chaos/report"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
)

type mutateCommand struct {
	Names     []string `arg:"" optional:"" name:"mutant" help:"Only these mutants; all of them when none is named."`
	Mutants   string   `help:"Folder of mutants." default:"scenarios/mutants" placeholder:"DIR"`
	Scenarios string   `help:"Folder of scenarios." default:"scenarios" placeholder:"DIR"`
	Packages  []string `help:"What to build of each mutant, from the module's root, which is the working directory." default:"./system/cmd/shop" placeholder:"PACKAGE"`
	Tier      string   `help:"What the backends are. Without names, only those mutants run that are told to be for this tier." default:"embedded" placeholder:"TIER"`
	Seed      uint64   `help:"Seed of all randomness; a random one when 0."`
	Out       string   `help:"Folder below which each run gets a folder of its own." default:"out/mutants" placeholder:"DIR"`
	Verbose   bool     `short:"v" help:"Show each run's report, with the timeline of an object that a check found broken."`
	location  `embed:""`
}

// Run builds and runs one mutant after the other, and prints who was killed by what.
func (c mutateCommand) Run(ctx context.Context, env environment) error {
	sys, err := c.load()
	if err != nil {
		return err
	}
	if sys, err = sys.In(c.Tier); err != nil {
		return err
	}
	scenarios, err := readAll([]string{c.Scenarios}, sys, env.registry)
	if err != nil {
		return err
	}
	mutants, err := c.mutants(sys, scenarios)
	if err != nil {
		return err
	}
	bin, err := c.programs(sys)
	if err != nil {
		return err
	}
	if err := checkMachine(ctx, []*system.System{sys}, bin); err != nil {
		return err
	}
	out, err := freshFolder(c.Out)
	if err != nil {
		return err
	}
	if c.Seed == 0 {
		c.Seed = uint64(rand.Uint32()) + 1
	}
	var results []mutate.Result
	for i, m := range mutants {
		fmt.Fprintf(env.stderr, "%d of %d: %s\n", i+1, len(mutants), m.Name)
		r, err := c.try(ctx, env, sys, m, scenarios, bin, filepath.Join(out, m.Name))
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		if err != nil {
			return codeError{report.ExitInvalid, err}
		}
		fmt.Fprintf(env.stderr, "%d of %d: %s %s\n", i+1, len(mutants), m.Name, r.Fate)
		results = append(results, r)
	}
	if err := evidence.WriteJSON(filepath.Join(out, "kill-table.json"), results); err != nil {
		return codeError{report.ExitInvalid, err}
	}
	return c.table(env, results, out)
}

// mutants reads those that were asked for, and makes sure that each names a scenario and tiers that there are.
func (c mutateCommand) mutants(sys *system.System, scenarios []*scenario.Scenario) ([]mutate.Mutant, error) {
	all, err := mutate.Load(c.Mutants)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range all {
		names = append(names, m.Name)
		if _, err := only(slices.Clone(scenarios), []string{m.Scenario}); err != nil {
			return nil, fmt.Errorf("read mutant %s: %w", m.Path, err)
		}
		for _, tier := range m.Tiers {
			if !slices.Contains(sys.Tiers(), tier) {
				return nil, fmt.Errorf("read mutant %s: %q is not a tier of %s%s", m.Path, tier, sys.Name, system.Hint(tier, sys.Tiers()))
			}
		}
	}
	for _, name := range c.Names {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("find mutant: %q is not in %s%s", name, c.Mutants, system.Hint(name, names))
		}
	}
	all = slices.DeleteFunc(all, func(m mutate.Mutant) bool {
		if len(c.Names) > 0 {
			return !slices.Contains(c.Names, m.Name)
		}
		return !slices.Contains(m.Tiers, c.Tier)
	})
	if len(all) == 0 {
		return nil, fmt.Errorf("find mutants: none in %s is for tier %s; name some, or give them tiers: [%s]", c.Mutants, c.Tier, c.Tier)
	}
	return all, nil
}

// try builds one mutant, runs its scenario, and judges it. The programs are removed afterwards; the evidence stays.
func (c mutateCommand) try(ctx context.Context, env environment, sys *system.System, m mutate.Mutant, scenarios []*scenario.Scenario, bin, dir string) (r mutate.Result, err error) {
	work, err := cell.NewTemp("stormglass-mutant-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, work.Remove()) }()
	built, err := m.Build(ctx, ".", work.Dir, bin, sys.Programs, c.Packages)
	if err != nil {
		return r, err
	}
	one, err := only(slices.Clone(scenarios), []string{m.Scenario})
	if err != nil {
		return r, err
	}
	suite, err := run.All(ctx, one, run.Options{
		System: sys, Registry: env.registry, Bin: built, Out: dir, Seed: c.Seed, Guard: env.guard,
		Progress: func(_, format string, args ...any) { fmt.Fprintf(env.stderr, "  "+format+"\n", args...) },
	}, c.show(env))
	if err != nil {
		return r, err
	}
	last := suite.Results[0]
	r = m.Judge(last.Verdict)
	r.Folder = last.Folder
	return r, nil
}

// show writes a run's report where that is asked for.
func (c mutateCommand) show(env environment) func(run.Result) {
	return func(r run.Result) {
		if c.Verbose {
			report.Text{W: env.stdout}.Result(r)
		}
	}
}

// table prints a line for each mutant. It ends with the code of a broken claim if one was not killed by the check named, and with
// that of something unproven if all that is missing are runs that could not be judged here.
func (c mutateCommand) table(env environment, results []mutate.Result, out string) error {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	killed := 0
	var strained []string
	for _, r := range results {
		switch {
		case r.Fate == mutate.Killed:
			killed++
		case r.Strained:
			strained = append(strained, r.Name)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Fate, r.Name, r.Mutant.Scenario, noticed(r))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%d of %d mutants were killed by the check that was named for them; seed %d; %s\n", killed, len(results), c.Seed, out)
	if len(strained) > 0 {
		fmt.Fprintf(env.stdout, "%d could not be judged on this machine; when it is less busy: stormglass mutate --seed %d %s\n", len(strained), c.Seed, strings.Join(strained, " "))
	}
	switch {
	case killed+len(strained) < len(results):
		return codeError{code: report.ExitBroken}
	case len(strained) > 0:
		return codeError{code: report.ExitInconclusive}
	}
	return nil
}

func noticed(r mutate.Result) string {
	switch {
	case r.Fate == mutate.Killed:
		return "by " + r.Mutant.Killer
	case r.Why != "":
		return r.Why
	case len(r.Broken) > 0:
		return "only by " + strings.Join(r.Broken, ", ")
	}
	return "nothing noticed; expected " + r.Mutant.Killer
}
