// Package run carries scenarios out: each in a cell of its own, through its phases, into an evidence folder that is then
// judged.
//
//	boot → prepare → warmup → steady → fault → recover → drain → collect → verdict
package run

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"sync"
	"time"

	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
)

// Options say how scenarios are run.
type Options struct {
	System   *system.System
	Registry verdict.Registry
	Bin      string   // the folder of the system's programs
	Out      string   // folder of the whole run; each scenario's evidence goes to a folder below it
	Seed     uint64   // each scenario's seed is a function of it and the scenario's name
	Jobs     int      // how many scenarios run at once; 0 means 1
	Keep     bool     // leave the cells' data behind
	Guard    []string // see cell.Options.Guard
	Progress Progress // may be nil
}

// Progress is told what goes on, in plain sentences. It is called from several goroutines.
type Progress func(scenario, format string, args ...any)

// Result is one scenario that was run.
type Result struct {
	Scenario *scenario.Scenario
	Verdict  verdict.Verdict
	Folder   string        // the evidence
	Took     time.Duration // from boot to verdict
}

// All runs scenarios, o.Jobs at a time, and returns their results in the order given. done is told of each as it ends.
// When ctx ends, everything under way is undone, and the error is ctx's cause; results then holds what had ended.
func All(ctx context.Context, scenarios []*scenario.Scenario, o Options, done func(Result)) ([]Result, error) {
	if o.Progress == nil {
		o.Progress = func(string, string, ...any) {}
	}
	results, errs := make([]*Result, len(scenarios)), make([]error, len(scenarios))
	slots := make(chan struct{}, max(1, o.Jobs))
	var running sync.WaitGroup
	var one sync.Mutex
	for i, s := range scenarios {
		slots <- struct{}{} // here, so that they begin in the order given
		running.Go(func() {
			defer func() { <-slots }()
			result, err := scenarioRun(ctx, s, o)
			if err != nil {
				errs[i] = fmt.Errorf("run %s: %w", s.Name, err)
				return
			}
			one.Lock()
			defer one.Unlock()
			results[i] = &result
			done(result)
		})
	}
	running.Wait()
	var ended []Result
	for _, r := range results {
		if r != nil {
			ended = append(ended, *r)
		}
	}
	if ctx.Err() != nil {
		return ended, context.Cause(ctx)
	}
	return ended, errors.Join(errs...)
}

// scenarioRun carries one scenario out and judges what it left.
func scenarioRun(ctx context.Context, s *scenario.Scenario, o Options) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	begin := time.Now()
	dir := filepath.Join(o.Out, s.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Result{}, fmt.Errorf("make evidence folder: %w", err)
	}
	t, err := newTrial(s, o, dir)
	if err != nil {
		return Result{}, err
	}
	if err := t.run(ctx); err != nil {
		return Result{}, err
	}
	o.Progress(s.Name, "judging")
	judged, err := verdict.Judge(dir, o.Registry)
	if err != nil {
		return Result{}, err
	}
	return Result{Scenario: s, Verdict: judged, Folder: dir, Took: time.Since(begin)}, t.keepVerdict(judged)
}

// SeedOf is the seed of one scenario within a run.
func SeedOf(seed uint64, name string) uint64 {
	h := fnv.New64a()
	h.Write(binary.BigEndian.AppendUint64(nil, seed))
	h.Write([]byte(name))
	return h.Sum64()
}
