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
	"strconv"
	"sync"
	"sync/atomic"
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
	Jobs     int      // how many scenarios run at once, besides those whose load has ended; 0 means 1, and then nothing overlaps
	Repeat   int      // how often each scenario runs, each time with a seed of its own; 0 means 1
	FailFast bool     // begin no more once a verdict is not the one that its file expects
	Keep     bool     // leave the cells' data behind
	Guard    []string // see cell.Options.Guard
	Progress Progress // may be nil

	door door
}

// Progress is told what goes on, in plain sentences. It is called from several goroutines.
type Progress func(scenario, format string, args ...any)

// Result is one scenario that was run.
type Result struct {
	Scenario *scenario.Scenario
	Round    int // from 1; 0 when each scenario runs once
	Verdict  verdict.Verdict
	Folder   string        // the evidence
	Took     time.Duration // from boot to verdict
}

// turn is one scenario's turn to run.
type turn struct {
	scenario *scenario.Scenario
	round    int    // as in Result
	room     func() // gives its place to the next one, if that need not wait for this one's verdict; may be called more than once
}

// turns are all rounds of all scenarios, round by round.
func turns(scenarios []*scenario.Scenario, repeat int) (out []turn) {
	for round := range max(1, repeat) {
		for _, s := range scenarios {
			if repeat > 1 {
				out = append(out, turn{scenario: s, round: round + 1})
			} else {
				out = append(out, turn{scenario: s})
			}
		}
	}
	return out
}

// All runs scenarios, o.Jobs at a time, and returns their results in the order given, whatever order they began in.
// done is told of each as it ends. When ctx ends, everything under way is undone, and the error is ctx's cause; results then holds what had ended.
func All(ctx context.Context, scenarios []*scenario.Scenario, o Options, done func(Result)) ([]Result, error) {
	if o.Progress == nil {
		o.Progress = func(string, string, ...any) {}
	}
	o.door = make(door, 1)
	all := turns(scenarios, o.Repeat)
	results, errs := make([]*Result, len(all)), make([]error, len(all))
	slots := make(chan struct{}, max(1, o.Jobs))
	var running sync.WaitGroup
	var one sync.Mutex
	var failed atomic.Bool
	for _, i := range order(all) {
		t, places := all[i], 1
		if t.scenario.Alone {
			places = cap(slots)
			running.Wait() // also for those that are being judged
		}
		for range places { // here, so that they begin in that order
			slots <- struct{}{}
		}
		if o.FailFast && failed.Load() {
			break
		}
		ended := sync.OnceFunc(func() {
			for range places {
				<-slots
			}
		})
		t.room = func() {}
		if o.Jobs > 1 && !t.scenario.Alone && !o.FailFast && !isHeavy(t.scenario) {
			t.room = ended
		}
		running.Go(func() {
			defer ended()
			result, err := scenarioRun(ctx, t, o)
			if err != nil {
				errs[i] = fmt.Errorf("run %s: %w", t.scenario.Name, err)
				failed.Store(true)
				return
			}
			if !result.Verdict.AsExpected() {
				failed.Store(true)
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
func scenarioRun(ctx context.Context, turn turn, o Options) (Result, error) {
	s := turn.scenario
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	begin := time.Now()
	dir, seed := filepath.Join(o.Out, verdict.Place(o.System.Tier, s.Name)), SeedOf(o.Seed, s.Name)
	if turn.round > 0 {
		dir = filepath.Join(dir, strconv.Itoa(turn.round))
		seed = SeedOf(o.Seed+uint64(turn.round-1), s.Name) // the first round is the run that there would be without repeats
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Result{}, fmt.Errorf("make evidence folder: %w", err)
	}
	t, err := newTrial(s, o, dir, seed)
	if err != nil {
		return Result{}, err
	}
	t.room = turn.room
	if err := t.run(ctx); err != nil {
		return Result{}, err
	}
	o.Progress(s.Name, "judging")
	judged, err := verdict.Judge(dir, o.Registry)
	if err != nil {
		return Result{}, err
	}
	return Result{Scenario: s, Round: turn.round, Verdict: judged, Folder: dir, Took: time.Since(begin)}, t.keepVerdict(judged)
}

// SeedOf is the seed of one scenario within a run.
func SeedOf(seed uint64, name string) uint64 {
	h := fnv.New64a()
	h.Write(binary.BigEndian.AppendUint64(nil, seed))
	h.Write([]byte(name))
	return h.Sum64()
}
