package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/report"
	"stormglass/chaos/run"
	"stormglass/chaos/system"
)

type upCommand struct {
	Observe  bool   `help:"Scrape metrics and take in traces, so that query and trace can be asked about it." default:"true" negatable:""`
	Probe    bool   `help:"Place one order, print one JSON object about it, and stop."`
	Tier     string `help:"What the backends are: embedded, or as the system's file names its tiers." default:"embedded" placeholder:"TIER"`
	Port     int    `help:"Port of the public address; a free one when 0." placeholder:"N"`
	OTLP     string `name:"otlp" help:"Where to send traces, by OTLP over gRPC." placeholder:"HOST:PORT"`
	Jaeger   string `help:"Where legacy clients send traces, by Jaeger's Thrift over HTTP." placeholder:"URL"`
	location `embed:""`
}

// How long up waits for things that should take about a second.
const (
	probePatience = 60 * time.Second
	stopPatience  = 30 * time.Second
)

const (
	// lookEvery is between two scrapes of an up: it may stay up for days, and nobody waits for a claim's tenths of a second.
	lookEvery = time.Second
	// remembered is for how long metrics and traces of an up can be asked about.
	remembered = 15 * time.Minute
)

// Run starts the system without proxies, for there is nothing to break, and stops it whatever happens.
func (c upCommand) Run(ctx context.Context, env environment) (err error) {
	sys, err := c.load()
	if err != nil {
		return err
	}
	if sys, err = sys.In(c.Tier); err != nil {
		return err
	}
	bin, err := c.programs(sys)
	if err != nil {
		return err
	}
	if err := checkMachine(ctx, []*system.System{sys}, bin); err != nil {
		return err
	}
	if env.registry.Tour == nil && c.Probe {
		return fmt.Errorf("find probe: nobody has registered one for %s", sys.Name)
	}
	folder, err := cell.NewTemp(upPrefix)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Remove()) }()
	begin := time.Now()
	up := &upCell{upCommand: c, env: env, sys: sys}
	defer func() {
		if stop := up.stop(ctx); stop != nil {
			err = errors.Join(err, codeError{report.ExitInvalid, stop})
		}
	}()
	if err := up.start(ctx, bin, folder); err != nil {
		return err
	}
	running := up.running()
	if c.Probe {
		return c.probe(ctx, env, running, begin)
	}
	return c.stay(ctx, env, running, begin, folder.Dir)
}

// ports fixes the public port where one is asked for.
func (c upCommand) ports(sys *system.System) map[string]string {
	fixed := map[string]string{}
	for _, u := range sys.Units {
		if u.Public != "" && c.Port != 0 {
			fixed[u.Name+"."+u.Public] = fmt.Sprintf("127.0.0.1:%d", c.Port)
		}
	}
	return fixed
}

// stay prints the way around and waits for Ctrl-C, or for a process that ends though nobody asked.
func (c upCommand) stay(ctx context.Context, env environment, running *cell.Cell, begin time.Time, dir string) error {
	fmt.Fprintf(env.stdout, "Up after %d ms at %s, logs in %s/logs\n\n", time.Since(begin).Milliseconds(), running.Public(), dir)
	if tour := env.registry.Tour; tour != nil {
		fmt.Fprintln(env.stdout, tour.Walkthrough(running.Public()))
	}
	fmt.Fprintln(env.stdout, "Ctrl-C stops it.")
	select {
	case d := <-running.Deaths():
		return codeError{report.ExitInvalid, fmt.Errorf("%s ended though nobody asked (%s); its log ends with:\n%s", d.Instance, d.Exit, d.LogTail)}
	case <-ctx.Done():
		return interrupted(ctx)
	}
}

// interrupted is what ends a command that was stopped from outside.
func interrupted(ctx context.Context) error {
	return codeError{report.ExitInterrupted, context.Cause(ctx)}
}

// probe takes the tour and prints what it took.
func (c upCommand) probe(ctx context.Context, env environment, running *cell.Cell, begin time.Time) error {
	booted := time.Now()
	bounded, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	progress := func(format string, args ...any) { fmt.Fprintf(env.stderr, format+"\n", args...) }
	seen, err := env.registry.Tour.Probe(bounded, run.SiteOf(running, uint64(begin.UnixNano())), progress)
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	if err != nil {
		return codeError{report.ExitBroken, fmt.Errorf("probe: %w", err)}
	}
	return printProbe(env.stdout, running, begin, booted, seen)
}
