package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"stormglass/chaos/cell"
	"stormglass/chaos/observe"
	"stormglass/chaos/report"
	"stormglass/chaos/run"
	"stormglass/chaos/system"
)

// upCell is a cell and whoever observes it.
type upCell struct {
	upCommand
	env      environment
	sys      *system.System
	cell     atomic.Pointer[cell.Cell] // nil before it runs, and once it is being stopped: scrapes ask for it
	observer *observe.Observer         // nil when nobody observes
	hush     func() error              // ends the answering of questions
}

func (u *upCell) running() *cell.Cell { return u.cell.Load() }

// start brings up the observer, then the cell, then whoever answers questions. What it brought up, stop takes down.
func (u *upCell) start(ctx context.Context, bin string, folder *cell.Temp) error {
	otlp, jaeger, err := u.observe(ctx, folder.Dir)
	if err != nil {
		return codeError{report.ExitInvalid, err}
	}
	c, err := cell.Start(ctx, u.sys, cell.Options{
		Name: "up", Dir: folder.Dir, Temporary: folder, Bin: bin, Direct: true, Ports: u.ports(u.sys), OTLP: otlp, Jaeger: jaeger, Guard: u.env.guard,
		Progress: func(format string, args ...any) { fmt.Fprintf(u.env.stderr, format+"\n", args...) },
	})
	switch {
	case ctx.Err() != nil:
		return interrupted(ctx)
	case errors.Is(err, cell.ErrPortInUse):
		return err
	case err != nil:
		return codeError{report.ExitInvalid, err}
	}
	u.cell.Store(c)
	if u.observer == nil {
		return nil
	}
	if u.hush, err = announce(ctx, u.observer, folder.Dir, c.Public()); err != nil {
		return codeError{report.ExitInvalid, err}
	}
	return nil
}

// observe starts an observer, unless there is to be none, and says where traces go: to it, unless they are wanted elsewhere.
// A probe is not observed, for it measures.
func (u *upCell) observe(ctx context.Context, dir string) (otlp, jaeger string, err error) {
	otlp, jaeger = strings.TrimPrefix(u.OTLP, "http://"), u.Jaeger
	if !u.Observe || u.Probe {
		return otlp, jaeger, nil
	}
	seen := filepath.Join(dir, "observed")
	if err := os.Mkdir(seen, 0o755); err != nil {
		return "", "", fmt.Errorf("start observer: %w", err)
	}
	u.observer, err = observe.Start(ctx, observe.Options{Dir: seen, ScrapeEvery: lookEvery, Keep: remembered, Targets: u.targets})
	if err != nil {
		return "", "", err
	}
	if otlp == "" {
		otlp = u.observer.OTLP()
	}
	if jaeger == "" {
		jaeger = u.observer.Jaeger()
	}
	return otlp, jaeger, nil
}

func (u *upCell) targets() []observe.Target {
	if c := u.running(); c != nil {
		return run.Targets(c)
	}
	return nil
}

// stop takes everything down, the cell before its observer, so that its last spans have somewhere to go.
func (u *upCell) stop(ctx context.Context) error {
	over, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	var errs []error
	if u.hush != nil {
		errs = append(errs, u.hush())
	}
	if c := u.cell.Swap(nil); c != nil {
		errs = append(errs, c.Stop(over))
	}
	if u.observer != nil {
		errs = append(errs, u.observer.Stop(over))
	}
	return errors.Join(errs...)
}
