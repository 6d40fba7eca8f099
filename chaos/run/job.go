package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

// job is one scenario that is to run.
type job struct {
	scenario *scenario.Scenario
	round    int // as in Result
	try      int // from 1
}

// jobs are all rounds of all scenarios, round by round.
func jobs(scenarios []*scenario.Scenario, repeat int) (out []job) {
	for round := range max(1, repeat) {
		for _, s := range scenarios {
			j := job{scenario: s, try: 1}
			if repeat > 1 {
				j.round = round + 1
			}
			out = append(out, j)
		}
	}
	return out
}

// place is where the job's evidence lies, and its seed: that of a first round without repeats, whichever try it is.
func (j job) place(o Options) (dir string, seed uint64) {
	dir, seed = filepath.Join(o.Out, verdict.Place(o.System.Tier, j.scenario.Name)), SeedOf(o.Seed, j.scenario.Name)
	if j.round > 0 {
		dir = filepath.Join(dir, strconv.Itoa(j.round))
		seed = SeedOf(o.Seed+uint64(j.round-1), j.scenario.Name)
	}
	return dir, seed
}

// setAside moves what a try left into a folder of its own within its folder, so that the last try's evidence lies where that of
// a scenario always does.
func setAside(r Result) (Result, error) {
	aside := r.Folder + ".aside"
	try := filepath.Join(r.Folder, fmt.Sprintf("try-%d", r.Try))
	var earlier []string
	for _, e := range r.Earlier {
		earlier = append(earlier, filepath.Base(e.Folder))
	}
	if err := os.Rename(r.Folder, aside); err != nil {
		return r, fmt.Errorf("keep try %d: %w", r.Try, err)
	}
	if err := os.Mkdir(r.Folder, 0o755); err != nil {
		return r, fmt.Errorf("keep try %d: %w", r.Try, err)
	}
	for _, name := range earlier {
		if err := os.Rename(filepath.Join(aside, name), filepath.Join(r.Folder, name)); err != nil {
			return r, fmt.Errorf("keep try %d: %w", r.Try, err)
		}
	}
	if err := os.Rename(aside, try); err != nil {
		return r, fmt.Errorf("keep try %d: %w", r.Try, err)
	}
	r.Folder = try
	return r, nil
}

// run carries the job out and judges what it left.
func (j job) run(ctx context.Context, o Options, s *slot) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	begin := time.Now()
	dir, seed := j.place(o)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Result{}, fmt.Errorf("make evidence folder: %w", err)
	}
	t, err := newTrial(j.scenario, o, dir, seed, j.try)
	if err != nil {
		return Result{}, err
	}
	t.slot = s
	s.watched(t.strain)
	if err := t.run(ctx); err != nil {
		return Result{}, err
	}
	o.Progress(j.scenario.Name, "judging")
	judged, err := verdict.Judge(dir, o.Registry)
	if err != nil {
		return Result{}, err
	}
	err = evidence.WriteJSON(filepath.Join(dir, evidence.VerdictFile), judged)
	return Result{Scenario: j.scenario, Round: j.round, Try: j.try, Verdict: judged, Folder: dir, Took: time.Since(begin)}, err
}
