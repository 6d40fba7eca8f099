package fault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"stormglass/chaos/cell"
)

// undoWithin bounds the undoing of one round.
const undoWithin = 2 * time.Minute

// checkSchedule says what is wrong with on and off.
func (s Spec) checkSchedule() error {
	switch {
	case s.On < 0 || s.Off < 0 || (s.On > 0) != (s.Off > 0):
		return &KeyError{"on", "a fault that flaps needs both on and off: how long it holds, and how long not, such as on: 300ms, off: 200ms"}
	case s.On > 0 && s.Link+s.Process == "":
		return &KeyError{"on", s.Do + " cannot flap: expected it without on and off"}
	case s.On > 0 && s.When != nil:
		return &KeyError{"when", "a fault that flaps strikes at its times: expected on and off, or when"}
	case s.On > 0 && s.On+s.Off >= s.For:
		return &KeyError{"for", fmt.Sprintf("on and off together take %s: expected room for more than one round in for: %s", s.On+s.Off, s.For)}
	}
	return nil
}

// flapping injects a fault and undoes it, again and again: each round is a fault of its own.
type flapping struct {
	*window
	spec  Spec
	build func() (Fault, error)

	change  sync.Mutex // one injection or undoing at a time; guards what follows
	undone  bool
	err     error
	rounds  []Fault
	stop    chan struct{}
	stopped sync.WaitGroup
}

func newFlapping(kind Kind, s Spec, c *cell.Cell, seed uint64) (Fault, error) {
	round := s
	round.For = s.On
	build := func() (Fault, error) { return kind.build(round, c, seed) }
	if _, err := build(); err != nil { // what is wrong shows now, and not in the second round
		return nil, err
	}
	return &flapping{window: newWindow(), spec: s, build: build, stop: make(chan struct{})}, nil
}

func (f *flapping) Inject(ctx context.Context) error {
	f.begin()
	if err := f.round(ctx); err != nil {
		return err
	}
	f.open()
	f.stopped.Go(f.flap)
	return nil
}

// flap goes from round to round until Undo.
func (f *flapping) flap() {
	for {
		if !f.pause(f.spec.On) {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), undoWithin)
		f.note(f.rest(ctx))
		cancel()
		if !f.pause(f.spec.Off) {
			return
		}
		ctx, cancel = context.WithTimeout(context.Background(), undoWithin)
		f.note(f.round(ctx))
		cancel()
	}
}

// pause says whether the time has passed before Undo came.
func (f *flapping) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-f.stop:
		return false
	}
}

// round begins one more round.
func (f *flapping) round(ctx context.Context) error {
	f.change.Lock()
	defer f.change.Unlock()
	if f.undone {
		return nil
	}
	one, err := f.build()
	if err != nil {
		return err
	}
	f.rounds = append(f.rounds, one)
	return one.Inject(ctx)
}

// rest ends the present round.
func (f *flapping) rest(ctx context.Context) error {
	f.change.Lock()
	defer f.change.Unlock()
	if len(f.rounds) == 0 {
		return nil
	}
	return f.rounds[len(f.rounds)-1].Undo(ctx)
}

func (f *flapping) note(err error) {
	f.change.Lock()
	defer f.change.Unlock()
	f.err = errors.Join(f.err, err)
}

func (f *flapping) Undo(ctx context.Context) error {
	f.change.Lock()
	first := !f.undone
	f.undone = true
	f.change.Unlock()
	if first {
		close(f.stop)
	}
	f.stopped.Wait()
	err := f.rest(ctx)
	f.window.close()
	f.change.Lock()
	defer f.change.Unlock()
	err = errors.Join(f.err, err)
	f.err = nil
	return err
}

// Dose puts the rounds together. At least two must have hit: once is no flapping.
func (f *flapping) Dose() Dose {
	f.change.Lock()
	rounds := f.rounds
	f.change.Unlock()
	d := f.dose(f.spec, "")
	hits := 0
	for _, one := range rounds {
		r := one.Dose()
		if r.Hit {
			hits++
		}
		d.Measures = merge(d.Measures, r.Measures)
		d.Asked = r.Asked
	}
	d.Asked = fmt.Sprintf("%s, %s on and %s off, for %s in all", strings.TrimSuffix(d.Asked, ", for "+f.spec.On.String()), f.spec.On, f.spec.Off, f.spec.For)
	d.Measures["rounds"], d.Measures["rounds_hit"] = float64(len(rounds)), float64(hits)
	d.Hit = hits > 1
	d.Why = fmt.Sprintf("%d of %d rounds hit", hits, len(rounds))
	if hits == 1 {
		d.Why += ": once is no flapping"
	}
	return d
}

// merge adds one round's measures to those before.
func merge(all, more map[string]float64) map[string]float64 {
	out := maps.Clone(all)
	for name, value := range more {
		if strings.HasPrefix(name, "max_") {
			out[name] = max(out[name], value)
		} else {
			out[name] += value
		}
	}
	return out
}
