package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/load"
	"stormglass/chaos/observe"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
)

const (
	scrapeEvery   = 500 * time.Millisecond
	bootWithin    = 60 * time.Second
	prepareWithin = 2 * time.Minute
	scrapeWithin  = 5 * time.Second
	stopWithin    = 30 * time.Second
)

// rig is a running system with everything that measures it.
type rig struct {
	Options
	ctx      context.Context // of the whole measurement; ends early when a process dies
	end      context.CancelCauseFunc
	workload verdict.Workload
	shopper  load.Shopper
	sink     *sink
	observer *observe.Observer
	watching sync.WaitGroup

	mu   sync.Mutex // guards cell, which scrapes ask for
	cell *cell.Cell
}

// start boots the system and prepares the shopper.
func start(ctx context.Context, o Options) (*rig, error) {
	r := &rig{Options: o}
	if o.Progress == nil {
		r.Progress = func(string, ...any) {}
	}
	if o.Registry.Workload == nil {
		return nil, ErrNoWorkload
	}
	r.workload = *o.Registry.Workload
	i := slices.IndexFunc(o.Registry.Shoppers, func(s verdict.Shopper) bool { return s.Name == r.workload.Shopper })
	if i < 0 {
		return nil, fmt.Errorf("find shopper: %q is not registered", r.workload.Shopper)
	}
	r.shopper = o.Registry.Shoppers[i].New()
	r.ctx, r.end = context.WithCancelCause(ctx)
	if err := r.boot(); err != nil {
		return nil, errors.Join(err, r.stop())
	}
	return r, nil
}

func (r *rig) boot() (err error) {
	if r.sink, err = newSink(r.ctx); err != nil {
		return err
	}
	if r.observer, err = observe.Start(r.ctx, observe.Options{Dir: r.Dir, ScrapeEvery: scrapeEvery, Targets: r.targets}); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(r.ctx, bootWithin)
	defer cancel()
	running, err := cell.Start(bounded, r.System, cell.Options{
		Name: "bench", Dir: r.Dir, Bin: r.Bin, Direct: true, Seed: r.Seed, Guard: r.Guard, Progress: r.Progress,
		OTLP: r.sink.otlp.Addr().String(), Jaeger: "http://" + r.sink.jaeger.Addr().String() + "/api/traces",
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.cell = running
	r.mu.Unlock()
	r.watching.Go(r.watch)
	r.Progress("prepare %s", r.workload.Shopper)
	preparing, done := context.WithTimeout(r.ctx, prepareWithin)
	defer done()
	if err := r.shopper.Prepare(preparing, load.Target{BaseURL: running.Public(), Seed: r.Seed}); err != nil {
		return fmt.Errorf("prepare %s: %w", r.workload.Shopper, errors.Join(err, context.Cause(r.ctx)))
	}
	return r.awaitScrape()
}

// awaitScrape waits until the metrics know what is to be counted: a system that is prepared in no time may not have been
// scraped yet.
func (r *rig) awaitScrape() error {
	deadline := time.Now().Add(scrapeWithin)
	for {
		_, err := r.tally()
		if err == nil || time.Now().After(deadline) || r.ctx.Err() != nil {
			return err
		}
		pause(r.ctx, look)
	}
}

// watch ends the measurement when a process ends: what follows would be the measure of something else.
func (r *rig) watch() {
	select {
	case d := <-r.cell.Deaths():
		r.end(errors.New(d.String()))
	case <-r.ctx.Done():
	}
}

// stop takes everything down, whatever there is of it.
func (r *rig) stop() error {
	cause := context.Cause(r.ctx)
	r.end(nil)
	r.watching.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	errs := []error{cause}
	r.mu.Lock()
	running := r.cell
	r.cell = nil
	r.mu.Unlock()
	if running != nil {
		errs = append(errs, running.Stop(ctx))
	}
	if r.observer != nil {
		errs = append(errs, r.observer.Stop(ctx))
	}
	if r.sink != nil {
		errs = append(errs, r.sink.close())
	}
	return errors.Join(errs...)
}

// targets are the services' metrics.
func (r *rig) targets() []observe.Target {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cell == nil {
		return nil
	}
	var targets []observe.Target
	for _, i := range r.cell.Instances() {
		if u, err := r.System.Unit(i.Unit); err == nil && u.Kind == system.Service {
			targets = append(targets, observe.Target{Instance: i.Name, Job: i.Unit, URL: "http://" + i.Addrs[u.Ready] + "/metrics"})
		}
	}
	return targets
}

func (r *rig) wanted(profile string) bool {
	return len(r.Only) == 0 || slices.Contains(r.Only, profile)
}

// count asks the metrics for one number, such as how many orders were begun so far.
func (r *rig) count(promql string) (int, error) {
	v, err := r.observer.Query(r.ctx, promql, time.Now())
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", promql, err)
	}
	if len(v) != 1 {
		return 0, fmt.Errorf("count %s: got %d series, want one number", promql, len(v))
	}
	return int(v[0].Value), nil
}
