package main

import (
	"context"
	"fmt"
	"slices"

	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
)

// inTiers gives the system in each of the tiers that are named.
func inTiers(sys *system.System, names []string) ([]*system.System, error) {
	var tiers []*system.System
	for i, name := range names {
		tier, err := sys.In(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("read --tier: %s is there twice", name)
		}
		tiers = append(tiers, tier)
	}
	return tiers, nil
}

// allTiers runs the scenarios in one tier after the other, all with one seed.
func allTiers(ctx context.Context, tiers []*system.System, scenarios []*scenario.Scenario, o run.Options, done func(run.Result)) (all []run.Result, err error) {
	for _, tier := range tiers {
		o.System = tier
		results, err := run.All(ctx, scenarios, o, done)
		all = append(all, results...)
		if err != nil {
			return all, err
		}
		odd := func(r run.Result) bool { return !r.Verdict.AsExpected() }
		if o.FailFast && slices.ContainsFunc(results, odd) {
			break
		}
	}
	return all, nil
}
