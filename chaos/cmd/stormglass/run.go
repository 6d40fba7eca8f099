package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"stormglass/chaos/report"
	"stormglass/chaos/report/page"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
)

type runCommand struct {
	Files    []string      `arg:"" name:"file" help:"Scenario files, or folders of them."`
	Seed     uint64        `help:"Seed of all randomness; a random one when 0."`
	Jobs     int           `help:"The most scenarios that run at once; how many do follows from the machine's headroom. 0 is two for each processor." default:"0"`
	Tries    int           `help:"How often a scenario runs at most that this machine does not let be judged." default:"3" placeholder:"N"`
	Within   time.Duration `help:"Begin no more scenarios after this time; what has not run is named, and the exit code is 3. 0 is no limit." default:"0" placeholder:"DURATION"`
	History  int           `name:"keep-runs" help:"How many runs stay below --out, this one among them; older ones are removed. 0 keeps all." default:"10" placeholder:"N"`
	Only     []string      `help:"Of the files given, run only the scenarios so named." placeholder:"NAME"`
	Repeat   int           `help:"How often each scenario runs, each time with another seed." default:"1" placeholder:"N"`
	Capacity *float64      `help:"Accepted operations per second that load spikes are a multiple of, in the place of what their probes measure: with --seed, the figure that a run's report names repeats its load." placeholder:"N"`
	FailFast bool          `help:"Begin no more scenarios once one has not given the verdict that its file expects."`
	Keep     bool          `help:"Keep the data of the cells, in the evidence folders and not in memory."`
	Tier     []string      `help:"What the backends are: embedded, or as the system's file names its tiers. With several, one after the other, a table sets the verdicts side by side." default:"embedded" placeholder:"TIER"`
	Out      string        `help:"Folder below which each run gets a folder of its own." default:"out/chaos" placeholder:"DIR"`
	Verbose  bool          `short:"v" help:"Show every invariant, measure and phase."`
	location `embed:""`
}

// task is what a command line asks to be run, all of it read and looked at.
type task struct {
	tiers     []*system.System
	scenarios []*scenario.Scenario
	bin       string
	all       int // how many runs that makes
}

// read reads everything before anything is started, so that bad input costs nothing.
func (c *runCommand) read(ctx context.Context, env environment) (t task, err error) {
	sys, err := c.load()
	if err != nil {
		return t, err
	}
	if t.scenarios, err = readAll(c.Files, sys, env.registry); err != nil {
		return t, err
	}
	if t.scenarios, err = only(t.scenarios, c.Only); err != nil {
		return t, err
	}
	if t.tiers, err = inTiers(sys, c.Tier); err != nil {
		return t, err
	}
	if t.bin, err = c.programs(sys); err != nil {
		return t, err
	}
	switch {
	case c.Jobs < 0:
		return t, fmt.Errorf("read --jobs: expected 0 or more, got %d", c.Jobs)
	case c.Jobs == 0:
		c.Jobs = max(1, 2*runtime.GOMAXPROCS(0)) // which knows the quota of a container
	}
	if c.Tries < 1 {
		return t, fmt.Errorf("read --tries: expected at least 1, got %d", c.Tries)
	}
	if c.Within < 0 {
		return t, fmt.Errorf("read --within: expected a duration such as 30m, got %s", c.Within)
	}
	if c.History < 0 {
		return t, fmt.Errorf("read --keep-runs: expected 0 or more, got %d", c.History)
	}
	if c.Repeat < 1 {
		return t, fmt.Errorf("read --repeat: expected at least 1, got %d", c.Repeat)
	}
	if err := c.checkCapacity(t.scenarios); err != nil {
		return t, err
	}
	if c.Seed == 0 {
		c.Seed = uint64(rand.Uint32()) + 1
	}
	t.all = len(t.scenarios) * c.Repeat * len(t.tiers)
	return t, checkMachine(ctx, t.tiers, t.bin)
}

// Run runs what was asked for, and leaves a report of it.
func (c runCommand) Run(ctx context.Context, env environment) error {
	asked, err := c.read(ctx, env)
	if err != nil {
		return err
	}
	out, err := freshFolder(c.Out)
	if err != nil {
		return err
	}
	text := report.Text{W: env.stdout, Verbose: c.Verbose}
	progress := newProgress(env.stderr)
	progress.note("%d scenarios, at most %d at a time, seed %d", asked.all, c.Jobs, c.Seed)
	suite, err := allTiers(ctx, asked.tiers, asked.scenarios, run.Options{
		Registry: env.registry, Bin: asked.bin, Out: out, Seed: c.Seed,
		Jobs: c.Jobs, Repeat: c.Repeat, Tries: c.Tries, Until: c.until(), Capacity: c.capacity(), FailFast: c.FailFast, Keep: c.Keep, Guard: env.guard, Progress: progress.scenario,
	}, func(r run.Result) { progress.finish(r.Scenario.Name, func() { text.Result(r) }) })
	progress.close()
	var drawn string
	if err == nil {
		err = report.Files(out, c.Seed, suite)
	}
	if err == nil {
		drawn, err = page.Write(ctx, out)
	}
	if errors.Is(err, errInterrupted) {
		return codeError{report.ExitInterrupted, err}
	}
	if err != nil {
		return codeError{report.ExitInvalid, err}
	}
	text.Totals(suite, c.Seed, drawn)
	same := text.Tiers(c.Tier, suite.Results)
	if err := prune(c.Out, c.History); err != nil {
		return codeError{report.ExitInvalid, err}
	}
	late := 0
	if !c.FailFast {
		late = len(suite.NotRun)
	}
	if err := codeOf(suite.Results, late); same || errors.Is(err, codeError{code: report.ExitInvalid}) {
		return err
	}
	return codeError{code: report.ExitBroken}
}

// checkCapacity makes sure that a given capacity is one, and that something goes by it.
func (c runCommand) checkCapacity(scenarios []*scenario.Scenario) error {
	switch {
	case c.Capacity == nil:
		return nil
	case !(*c.Capacity > 0) || math.IsInf(*c.Capacity, 0):
		return fmt.Errorf("read --capacity: expected accepted operations per second above 0, such as 40, got %g", *c.Capacity)
	case !slices.ContainsFunc(scenarios, func(s *scenario.Scenario) bool { return scenario.UsesCapacity(s.Faults) }):
		return errors.New("read --capacity: none of these scenarios has a load spike that is a multiple of a capacity")
	}
	return nil
}

// capacity is the one given, or 0.
func (c runCommand) capacity() float64 {
	if c.Capacity == nil {
		return 0
	}
	return *c.Capacity
}

// until is when no more scenarios may begin; the zero time where there is no limit.
func (c runCommand) until() time.Time {
	if c.Within == 0 {
		return time.Time{}
	}
	return time.Now().Add(c.Within)
}

func codeOf(results []run.Result, late int) error {
	if code := report.ExitCode(results, late); code != report.ExitExpected {
		return codeError{code: code}
	}
	return nil
}
