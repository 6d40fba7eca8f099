package run

import (
	"context"
	"fmt"

	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

// crowdNumbers is how far the numbers of one crowd's visits are from those of the next, and from the usual visitors'.
const crowdNumbers = 1_000_000

// gatherCrowds makes the shoppers of every crowd ready, so that no time is lost when it comes. Each crowd is people of its own.
func (t *trial) gatherCrowds(ctx context.Context) error {
	t.crowds = make([]load.Shopper, len(t.scenario.Faults))
	for i, spec := range t.scenario.Faults {
		if spec.Do != fault.CrowdName && spec.Do != fault.ProbeName {
			continue
		}
		shopper, err := newShopper(t.options.Registry, spec.Shoppers)
		if err != nil {
			return err
		}
		target := load.Target{BaseURL: t.running().Public(), Doors: t.running().Doors(), Seed: t.crowdSeed(i), Visits: spec.Visits}
		if err := shopper.Prepare(ctx, target); err != nil {
			return fmt.Errorf("prepare crowd of %s: %w", spec.Shoppers, err)
		}
		t.crowds[i] = shopper
	}
	return nil
}

func (t *trial) crowdSeed(i int) uint64 { return SeedOf(t.folder.Run.Seed, fmt.Sprintf("crowd %d", i)) }

// newFault makes the ith fault.
func (t *trial) newFault(ctx context.Context, i int, spec fault.Spec) (fault.Fault, error) {
	switch spec.Do {
	case fault.CrowdName:
		return fault.NewCrowd(spec, fault.CrowdTools{
			Start: func(visits int) *load.Generator {
				return t.send(ctx, i, load.Options{Name: spec.Shoppers, Rate: load.Rate(float64(visits) / spec.For.Seconds()), Visits: visits})
			},
			Capacity: t.capacity.wait,
		}), nil
	case fault.ProbeName:
		return t.newProbe(ctx, i, spec)
	case fault.PerformName:
		for _, act := range t.options.Registry.Acts {
			if act.Name == spec.Act {
				site := SiteOf(t.running(), t.folder.Run.Seed)
				return fault.NewAct(spec, func(ctx context.Context) (int, error) { return act.Do(ctx, site) }), nil
			}
		}
		return nil, fmt.Errorf("find act: %q is not registered", spec.Act)
	}
	return fault.New(spec, t.running(), t.folder.Run.Seed)
}

// send starts the visits of the ith fault. They outlive the fault: endLoad ends them.
func (t *trial) send(ctx context.Context, i int, o load.Options) *load.Generator {
	o.Shopper, o.After, o.Seed, o.Recorder, o.Late = t.crowds[i], (i+1)*crowdNumbers, t.crowdSeed(i), t.recorder, t.strain.Arrival
	g := load.Start(context.WithoutCancel(ctx), o)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = append(t.sent, g)
	return g
}

// stopLoad ends all visits, those of crowds too, and waits for those that are open until ctx ends.
func (t *trial) stopLoad(ctx context.Context) {
	t.mu.Lock()
	all := t.sent
	t.mu.Unlock()
	var visits, dropped int
	for _, g := range all {
		g.Stop(ctx)
		stats := g.Stats()
		visits, dropped = visits+stats.Visits, dropped+stats.Dropped
		t.folder.Run.Load.MaxLag = max(t.folder.Run.Load.MaxLag, stats.MaxLag)
	}
	t.folder.Run.Load.Visits, t.folder.Run.Load.Dropped = visits, dropped
}

func newShopper(r verdict.Registry, name string) (load.Shopper, error) {
	for _, known := range r.Shoppers {
		if known.Name == name {
			return known.New(), nil
		}
	}
	return nil, fmt.Errorf("find shopper: %q is not registered", name)
}
