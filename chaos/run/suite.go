package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"stormglass/chaos/scenario"
	"stormglass/chaos/strain"
)

// suite is all jobs under way.
type suite struct {
	Options
	all       []job
	admission *admission
	done      func(Result)

	running sync.WaitGroup
	failed  atomic.Bool

	mu      sync.Mutex // guards what follows, and lets done be called by one at a time
	results []*Result  // by job
	errs    []error
}

// All runs scenarios, as many at a time as the machine has room for and o.Jobs at most, and returns what they came to. done is
// told of each try as it ends. When ctx ends, everything under way is undone, and the error is ctx's cause; the suite then
// holds what had ended.
func All(ctx context.Context, scenarios []*scenario.Scenario, o Options, done func(Result)) (Suite, error) {
	if o.Progress == nil {
		o.Progress = func(string, string, ...any) {}
	}
	o.booting, o.meter, o.machine = make(bootSemaphore, 1), strain.Start(), strain.Here()
	defer o.meter.Stop()
	all := jobs(scenarios, o.Repeat)
	s := &suite{Options: o, all: all, admission: newAdmission(o.Jobs, o.meter.Over), done: done, results: make([]*Result, len(all))}
	s.first(ctx)
	s.running.Wait()
	for try := 2; try <= s.tries(); try++ {
		s.again(ctx, try)
	}
	if ctx.Err() != nil {
		return s.sum(), context.Cause(ctx)
	}
	return s.sum(), errors.Join(s.errs...)
}

// first begins every job as soon as there is room.
func (s *suite) first(ctx context.Context) {
	for _, i := range order(s.all) {
		j := s.all[i]
		if needsAll(j.scenario) {
			s.running.Wait() // also for those that are being judged
		}
		if s.enough(ctx) {
			return
		}
		place := &slot{alone: needsAll(j.scenario), heavy: isHeavy(j.scenario)}
		if s.admission.enter(ctx, place) != nil || s.enough(ctx) {
			place.release()
			return
		}
		s.running.Go(func() { s.run(ctx, i, j, place) })
	}
}

// again runs what could not be judged once more, one after the other, with nothing of ours beside it.
func (s *suite) again(ctx context.Context, try int) {
	for i, j := range s.all {
		r := s.results[i]
		if r == nil || r.Verdict.AsExpected() || !r.Verdict.Unjudged() || s.enough(ctx) {
			continue
		}
		s.Progress(j.scenario.Name, "could not be judged (%s): try %d of %d, by itself", r.Verdict.Reason, try, s.tries())
		place := &slot{alone: true}
		if s.admission.enter(ctx, place) != nil {
			return
		}
		aside, err := setAside(*r)
		if err != nil {
			s.errs = append(s.errs, err)
			place.release()
			return
		}
		s.results[i] = &aside
		j.try = try
		s.run(ctx, i, j, place)
	}
}

// defaultTries is a first run and two second looks.
const defaultTries = 3

func (s *suite) tries() int { return cmp.Or(s.Tries, defaultTries) }

// enough says whether no more is to begin.
func (s *suite) enough(ctx context.Context) bool {
	return ctx.Err() != nil || s.FailFast && s.failed.Load() || !s.Until.IsZero() && time.Now().After(s.Until)
}

// run carries one job out and keeps its result.
func (s *suite) run(ctx context.Context, i int, j job, place *slot) {
	defer place.release()
	result, err := j.run(ctx, s.Options, place)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("run %s: %w", j.scenario.Name, err))
		s.failed.Store(true)
		return
	}
	if !result.Verdict.AsExpected() && !result.Verdict.Unjudged() {
		s.failed.Store(true)
	}
	if before := s.results[i]; before != nil {
		result.Earlier = append(before.Earlier, *before)
	}
	s.results[i] = &result
	s.done(result)
}

// sum is the suite so far.
func (s *suite) sum() Suite {
	out := Suite{Machine: s.machine, Occupancy: s.admission.occupancy}
	if c := s.admission.calibration; c.Total() > 0 {
		out.Calibration = &c
	}
	for i, r := range s.results {
		if r == nil {
			out.NotRun = append(out.NotRun, s.all[i].scenario.Name)
			continue
		}
		out.Results = append(out.Results, *r)
	}
	return out
}
