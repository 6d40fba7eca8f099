// Package run carries scenarios out: each in a cell of its own, through its phases, into an evidence folder that is then
// judged.
//
//	boot → prepare → warmup → steady → fault → recover → drain → collect → verdict
//
// How many run at once follows from the machine's headroom (admission). What could not be judged because others took the
// processors, or the harness stood still, runs again by itself when all else is done (second look).
package run

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"time"

	"stormglass/chaos/scenario"
	"stormglass/chaos/strain"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
)

// Options say how scenarios are run.
type Options struct {
	System   *system.System
	Registry verdict.Registry
	Bin      string        // the folder of the system's programs
	Out      string        // folder of the whole run; each scenario's evidence goes to a folder below it
	Seed     uint64        // each scenario's seed is a function of it and the scenario's name
	Jobs     int           // the most scenarios that run at once, besides those whose load has ended; 0 means 1, and then nothing overlaps
	Repeat   int           // how often each scenario runs, each time with a seed of its own; 0 means 1
	Tries    int           // how often a scenario runs at most that cannot be judged on this machine; 0 means 3: two second looks
	Until    time.Time     // no scenario begins after this; the zero time means no limit
	Capacity float64       // accepted operations per second that load spikes go by in the place of what their probes find; 0: they go by that
	FailFast bool          // begin no more once a verdict is not the one that its file expects
	Keep     bool          // leave the cells' data behind
	Guard    []string      // see cell.Options.Guard
	Progress Progress      // may be nil
	booting  bootSemaphore // lets one scenario at a time boot
	meter    *strain.Meter
	machine  strain.Machine
}

// Progress is told what goes on, in plain sentences. It is called from several goroutines.
type Progress func(scenario, format string, args ...any)

// Result is one scenario that was run.
type Result struct {
	Scenario *scenario.Scenario
	Round    int // from 1; 0 when each scenario runs once
	Try      int // from 1; the scenario ran again when it could not be judged
	Verdict  verdict.Verdict
	Folder   string        // the evidence
	Took     time.Duration // from boot to verdict
	Earlier  []Result      // the tries before this one
}

// Suite is what running scenarios came to.
type Suite struct {
	Machine     strain.Machine
	Results     []Result // in the order in which the scenarios were given; of each its last try
	NotRun      []string // scenarios that did not begin: the time was over, or another had failed
	Calibration *Calibration
	Occupancy   []Occupancy // how many cells ran at once
}

// Join adds another suite that ran after this one, such as the same scenarios in another tier.
func (s Suite) Join(next Suite) Suite {
	s.Machine = next.Machine
	s.Results, s.NotRun = append(s.Results, next.Results...), append(s.NotRun, next.NotRun...)
	s.Occupancy = append(s.Occupancy, next.Occupancy...)
	if s.Calibration == nil {
		s.Calibration = next.Calibration
	}
	return s
}

// SeedOf is the seed of one scenario within a run.
func SeedOf(seed uint64, name string) uint64 {
	h := fnv.New64a()
	h.Write(binary.BigEndian.AppendUint64(nil, seed))
	h.Write([]byte(name))
	return h.Sum64()
}

// bootSemaphore lets one scenario at a time boot and prepare. Starting a system takes all of a machine for a moment: two that
// start at once take twice as long, and disturb those that are being measured twice as much.
type bootSemaphore chan struct{}

// enter waits until nobody else is starting.
func (b bootSemaphore) enter(ctx context.Context) error {
	select {
	case b <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (b bootSemaphore) leave() { <-b }
