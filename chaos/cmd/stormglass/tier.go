package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

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

// checkMachine asks each tier's own command what the machine lacks for it, so that nothing starts in vain.
func checkMachine(ctx context.Context, tiers []*system.System, bin string) error {
	for _, tier := range tiers {
		if len(tier.Check) == 0 {
			continue
		}
		said, err := exec.CommandContext(ctx, filepath.Join(bin, tier.Check[0]), tier.Check[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("prepare tier %s: %s: %w\n%s", tier.Tier, strings.Join(tier.Check, " "), err, strings.TrimSpace(string(said)))
		}
	}
	return nil
}

// allTiers runs the scenarios in one tier after the other, all with one seed.
func allTiers(ctx context.Context, tiers []*system.System, scenarios []*scenario.Scenario, o run.Options, done func(run.Result)) (all run.Suite, err error) {
	odd := func(r run.Result) bool { return !r.Verdict.AsExpected() }
	for _, tier := range tiers {
		if o.FailFast && slices.ContainsFunc(all.Results, odd) {
			break
		}
		o.System = tier
		suite, err := run.All(ctx, scenarios, o, done)
		all = all.Join(suite)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}
