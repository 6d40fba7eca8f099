package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/report"
	"stormglass/chaos/run"
	"stormglass/chaos/system"
)

type upCommand struct {
	Probe    bool   `help:"Place one order, print one JSON object about it, and stop."`
	Port     int    `help:"Port of the public address; a free one when 0." placeholder:"N"`
	OTLP     string `name:"otlp" help:"Where to send traces, by OTLP over gRPC." placeholder:"HOST:PORT"`
	Jaeger   string `help:"Where legacy clients send traces, by Jaeger's Thrift over HTTP." placeholder:"URL"`
	location `embed:""`
}

// How long up waits for things that should take about a second.
const (
	bootPatience  = 60 * time.Second
	probePatience = 60 * time.Second
	stopPatience  = 30 * time.Second
)

// Run starts the system without proxies, for there is nothing to break, and stops it whatever happens.
func (c upCommand) Run(ctx context.Context, env environment) (err error) {
	sys, err := c.load()
	if err != nil {
		return err
	}
	bin, err := c.programs(sys)
	if err != nil {
		return err
	}
	if env.registry.Tour == nil && c.Probe {
		return fmt.Errorf("find probe: nobody has registered one for %s", sys.Name)
	}
	dir, err := os.MkdirTemp("", "stormglass-up-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	begin := time.Now()
	running, err := c.start(ctx, env, sys, bin, dir)
	if err != nil {
		return err
	}
	defer func() {
		over, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		if stop := running.Stop(over); stop != nil {
			err = errors.Join(err, codeError{report.ExitInvalid, stop})
		}
	}()
	if c.Probe {
		return c.probe(ctx, env, running, begin)
	}
	return c.stay(ctx, env, running, begin, dir)
}

func (c upCommand) start(ctx context.Context, env environment, sys *system.System, bin, dir string) (*cell.Cell, error) {
	bounded, cancel := context.WithTimeout(ctx, bootPatience)
	defer cancel()
	running, err := cell.Start(bounded, sys, cell.Options{
		Name: "up", Dir: dir, Temporary: true, Bin: bin, Direct: true, Ports: c.ports(sys), OTLP: strings.TrimPrefix(c.OTLP, "http://"),
		Jaeger: c.Jaeger, Guard: env.guard,
		Progress: func(format string, args ...any) { fmt.Fprintf(env.stderr, format+"\n", args...) },
	})
	switch {
	case ctx.Err() != nil:
		return nil, interrupted(ctx)
	case errors.Is(err, cell.ErrPortInUse):
		return nil, err
	case err != nil:
		return nil, codeError{report.ExitInvalid, err}
	}
	return running, nil
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
