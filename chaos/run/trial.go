package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/observe"
	"stormglass/chaos/scenario"
	"stormglass/chaos/strain"
)

// trial is one scenario under way.
type trial struct {
	scenario *scenario.Scenario
	options  Options
	folder   evidence.Folder
	slot     *slot

	history  *os.File
	recorder *load.Recorder
	shopper  load.Shopper
	observer *observe.Observer
	crowds   []load.Shopper // by fault; nil for one that is no crowd
	strain   *strain.Watch
	capacity *capacity // what a probe finds, for load spikes after it
	watched  sync.WaitGroup

	mu   sync.Mutex // guards cell, which scrapes ask for, and sent, which faults add to
	cell *cell.Cell
	sent []*load.Generator // the visitors who come all the while, and the crowds
}

func newTrial(s *scenario.Scenario, o Options, dir string, seed uint64, try int) (*trial, error) {
	t := &trial{scenario: s, options: o, folder: evidence.Folder{Dir: dir, Run: evidence.Run{
		Name: s.Name, Seed: seed, Version: version(), Platform: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(),
		Tier: o.System.Tier, Machine: o.machine, Try: try, Settings: s.Settings, Instances: s.Instances, Telemetry: o.System.Telemetry, Report: o.System.Report,
		Load: evidence.Load{Shoppers: s.Load.Shoppers, Rate: float64(s.Load.Rate)}, Held: map[string]time.Time{},
	}}}
	var err error
	if t.shopper, err = newShopper(o.Registry, s.Load.Shoppers); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, evidence.ScenarioFile), s.Source, 0o644); err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	if t.history, err = os.Create(filepath.Join(dir, evidence.HistoryFile)); err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	t.recorder = load.NewRecorder(t.history)
	t.strain, t.capacity = o.meter.Watch(), newCapacity(o.Capacity)
	return t, nil
}

// run goes through the phases and leaves the folder complete. What fails on the way is a finding, noted in the folder;
// the error is only for a run that was interrupted, or whose evidence could not be written.
func (t *trial) run(ctx context.Context) error {
	phases, end := context.WithCancelCause(ctx)
	err := t.phases(phases, end)
	end(nil)
	t.watched.Wait()
	t.strain.Stop()
	t.folder.Strain = t.strain.Samples()
	if ctx.Err() == nil && err != nil {
		t.fail(err)
	}
	err = t.teardown()
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		t.fail(err)
	}
	return t.folder.Write()
}

func (t *trial) phases(ctx context.Context, end context.CancelCauseFunc) error {
	if err := t.options.booting.enter(ctx); err != nil {
		return err
	}
	booted := sync.OnceFunc(t.options.booting.leave)
	defer booted()
	for _, p := range []struct {
		name string
		do   func(context.Context) error
	}{
		{evidence.Boot, func(ctx context.Context) error { return t.boot(ctx, end) }},
		{evidence.Prepare, t.prepare},
		{evidence.Warmup, func(ctx context.Context) error { booted(); return t.warmup(ctx) }},
		{evidence.Steady, wait(t.scenario.Steady.For)},
		{evidence.Fault, t.fault},
		{evidence.Recover, wait(t.scenario.Recover)},
		{evidence.Drain, t.drain},
		{evidence.Collect, t.collect},
	} {
		if p.name == evidence.Fault && len(t.scenario.Faults) == 0 {
			continue
		}
		if err := t.phase(ctx, p.name, p.do); err != nil {
			return err
		}
	}
	return nil
}

// phase runs one phase and notes when it began and ended, if it did end.
func (t *trial) phase(ctx context.Context, name string, do func(context.Context) error) error {
	t.options.Progress(t.scenario.Name, "%s", name)
	start := time.Now()
	if err := do(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	t.folder.Run.Phases = append(t.folder.Run.Phases, evidence.Phase{Name: name, Start: start, End: time.Now()})
	return nil
}

// wait lets time pass in a phase where only the load works.
func wait(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// fail notes a failure of the harness.
func (t *trial) fail(err error) {
	if len(t.folder.Run.Failures) == 0 {
		t.folder.Run.TimedOut = errors.Is(err, context.DeadlineExceeded)
	}
	t.folder.Run.Failures = append(t.folder.Run.Failures, err.Error())
}

// Version is the revision that this program was built from, where the linker was told. Otherwise the Go command may know it.
var Version string

func version() string {
	if Version != "" {
		return Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return info.Main.Version
}
