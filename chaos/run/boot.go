package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/observe"
	"stormglass/chaos/system"
)

// How long steps may take that wait for others.
const (
	prepareWithin = 2 * time.Minute
	stopCell      = 30 * time.Second
	stopObserver  = 20 * time.Second
)

// boot starts the observer, then the cell, and watches for processes that end though nobody asked: such a run is over.
func (t *trial) boot(ctx context.Context, end context.CancelCauseFunc) error {
	observer, err := observe.Start(ctx, observe.Options{Dir: t.folder.Dir, Targets: t.targets, Late: t.strain.Scrape})
	if err != nil {
		return fmt.Errorf("start observer: %w", err)
	}
	t.observer = observer
	// A proxy costs as much as the call that it passes on, so only what a fault may touch gets one.
	proxied, err := fault.Links(t.scenario.Faults, t.options.System)
	if err != nil {
		return err
	}
	c, err := cell.Start(ctx, t.options.System, cell.Options{
		Name: t.scenario.Name, Dir: t.folder.Dir, Keep: t.options.Keep, InMemory: true, Bin: t.options.Bin,
		Env: t.scenario.Settings, Instances: t.scenario.Instances, Direct: true, Proxied: proxied, Abrupt: fault.Abrupt(t.scenario.Faults),
		OTLP: observer.OTLP(), Jaeger: observer.Jaeger(), Seed: t.folder.Run.Seed, Guard: t.options.Guard,
		Yield: t.slot.yields(), Guarded: t.strain.Root,
		Progress: func(format string, args ...any) { t.options.Progress(t.scenario.Name, format, args...) },
	})
	if err != nil {
		return err
	}
	t.setCell(c)
	if err := t.slot.onYield(c.Yield); err != nil {
		return err
	}
	t.watched.Go(func() {
		select {
		case d := <-c.Deaths():
			end(fmt.Errorf("%s ended though nobody asked (%s); its log ends with:\n%s", d.Instance, d.Exit, d.LogTail))
		case <-ctx.Done(): // of the whole run, which outlives this phase
		}
	})
	return nil
}

func (t *trial) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, prepareWithin)
	defer cancel()
	visits := int(float64(t.scenario.Load.Rate) * t.scenario.Length().Seconds())
	if err := t.shopper.Prepare(ctx, load.Target{BaseURL: t.running().Public(), Doors: t.running().Doors(), Seed: t.folder.Run.Seed, Visits: visits}); err != nil {
		return err
	}
	return t.gatherCrowds(ctx)
}

// warmup starts the load, which goes on until drain.
func (t *trial) warmup(ctx context.Context) error {
	t.slot.underLoad()
	// Visits outlive this phase and even the run's context: it is Stop that bounds them.
	t.sent = append(t.sent, load.Start(context.WithoutCancel(ctx), load.Options{
		Name: t.scenario.Load.Shoppers, Shopper: t.shopper, Rate: t.scenario.Load.Rate,
		Seed: t.folder.Run.Seed, Recorder: t.recorder, Late: t.strain.Arrival,
	}))
	return wait(t.scenario.Warmup)(ctx)
}

// teardown ends everything that was started, whatever state it is in, and completes the folder's contents.
func (t *trial) teardown() error {
	var errs []error
	now, cancel := context.WithCancel(context.Background())
	cancel()
	t.stopLoad(now)
	if c := t.running(); c != nil {
		t.setCell(nil)
		ctx, cancel := context.WithTimeout(context.Background(), stopCell)
		defer cancel()
		errs = append(errs, c.Stop(ctx))
	}
	if t.observer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopObserver)
		defer cancel()
		errs = append(errs, t.observer.Stop(ctx))
	}
	return errors.Join(append(errs, t.recorder.Err(), t.history.Close())...)
}

// targets are the services' metrics, asked for before each scrape. There are none once the cell is being stopped.
func (t *trial) targets() []observe.Target {
	c := t.running()
	if c == nil {
		return nil
	}
	return Targets(c)
}

// Targets are the metrics of a cell's services.
func Targets(c *cell.Cell) []observe.Target {
	var targets []observe.Target
	for _, i := range c.Instances() {
		if i.Kind != system.Service {
			continue
		}
		if u, err := c.System().Unit(i.Unit); err == nil {
			targets = append(targets, observe.Target{Instance: i.Name, Job: i.Unit, URL: "http://" + i.Addrs[u.Ready] + "/metrics"})
		}
	}
	return targets
}

func (t *trial) setCell(c *cell.Cell) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cell = c
}

func (t *trial) running() *cell.Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cell
}
