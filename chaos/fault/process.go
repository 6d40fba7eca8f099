package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"stormglass/chaos/cell"
)

// manner is what sets one fault of processes apart from the others.
type manner struct {
	name, doc string
	// harm befalls each process, and mend makes it right again; without mend, harm has done so itself.
	harm, mend func(context.Context, *cell.Process) error
	inTurn     bool   // harm comes to one process after the other, not to all at once
	harmed     string // what has been done to a process: "killed"
	mended     string // how it is afterwards: "came back ready"
}

// kind makes the manner a kind of fault.
func (m manner) kind() Kind {
	return Kind{
		Name: m.name, On: "process", Keys: []string{"when"}, Doc: m.doc,
		check: func(s Spec) error {
			if s.When == nil {
				return nil
			}
			return s.When.check()
		},
		build: func(s Spec, c *cell.Cell, _ uint64) (Fault, error) { return newProcesses(m, s, c) },
	}
}

// processes is a fault of every instance that a name stands for, at a time or at a moment on a link.
type processes struct {
	*window
	manner manner
	spec   Spec
	all    []*cell.Process
	watch  *watch // nil without a trigger

	mu     sync.Mutex // one strike or undoing at a time; guards what follows
	undone bool
	err    error // of a strike that a trigger made, which only Undo can give
	harmed bool  // it has struck and is not mended yet
}

func newProcesses(m manner, s Spec, c *cell.Cell) (Fault, error) {
	all, err := c.Processes(s.Process)
	if err != nil {
		return nil, fmt.Errorf("make fault %s: %w", s.Do, err)
	}
	p := &processes{window: newWindow("pids_signalled", "pids_mended", "max_mend_ms"), manner: m, spec: s, all: all}
	if s.When != nil {
		p.watch, err = newWatch(*s.When, c, p.triggered)
	}
	return p, err
}

func (p *processes) Inject(ctx context.Context) error {
	if p.watch != nil {
		p.watch.arm()
		return nil
	}
	return p.strike(ctx)
}

// strikeWithin bounds the strike of a trigger.
const strikeWithin = 2 * time.Minute

func (p *processes) triggered() {
	ctx, cancel := context.WithTimeout(context.Background(), strikeWithin)
	defer cancel()
	_ = p.strike(ctx) // Undo gives its error
}

// strike harms the processes and returns when that is done. One that comes after Undo does nothing.
func (p *processes) strike(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.undone {
		return nil
	}
	defer p.open()
	p.harmed = true // also where harm fails half-way: a process that was signalled in vain may be stopped all the same
	if p.manner.mend == nil {
		p.begin() // what harm does takes its time, and is the fault
	}
	errs := p.each(p.all, func(proc *cell.Process) error {
		begin := time.Now()
		if err := p.manner.harm(ctx, proc); err != nil {
			return err
		}
		p.count("pids_signalled", 1)
		if p.manner.mend == nil {
			p.noteMended(begin)
		}
		return nil
	})
	err := errors.Join(errs...)
	if p.watch != nil {
		p.err = err
	}
	return err
}

// Undo makes what was harmed right again and returns when it is.
func (p *processes) Undo(ctx context.Context) error {
	if p.watch != nil {
		p.watch.disarm()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.close()
	p.undone = true
	errs := []error{p.err}
	if p.harmed && p.manner.mend != nil {
		errs = append(errs, p.each(p.all, func(proc *cell.Process) error {
			begin := time.Now()
			if err := p.manner.mend(ctx, proc); err != nil {
				return err
			}
			p.noteMended(begin)
			return nil
		})...)
	}
	p.harmed = false
	return errors.Join(errs...)
}

func (p *processes) noteMended(begin time.Time) {
	p.count("pids_mended", 1)
	p.raise("max_mend_ms", ms(time.Since(begin)))
}

// each does something to every process, side by side unless the manner says in turn; then those behind an error are left
// alone.
func (p *processes) each(all []*cell.Process, do func(*cell.Process) error) []error {
	errs := make([]error, len(all))
	if p.manner.inTurn {
		var failed error
		for i, proc := range all {
			if failed == nil {
				failed = do(proc)
			}
			errs[i] = failed
		}
		return errs
	}
	var wg sync.WaitGroup
	for i, proc := range all {
		wg.Go(func() { errs[i] = do(proc) })
	}
	wg.Wait()
	return errs
}

func (p *processes) Dose() Dose {
	asked := fmt.Sprintf("%s, for %s", p.spec.Do, p.spec.For)
	if p.watch != nil {
		asked = fmt.Sprintf("%s at %s, for %s", p.spec.Do, p.watch.trigger, p.spec.For)
	}
	d := p.dose(p.spec, asked)
	if p.watch != nil {
		d.Measures["trigger_seen"] = float64(p.watch.counted())
	}
	signalled, mended := d.Measures["pids_signalled"], d.Measures["pids_mended"]
	switch {
	case signalled == 0 && p.watch != nil:
		d.Why = fmt.Sprintf("the moment never came: %.0f of %d were seen", d.Measures["trigger_seen"], p.watch.trigger.Nth)
	case signalled == 0:
		d.Why = fmt.Sprintf("no process was %s", p.manner.harmed)
	case !d.End.IsZero() && mended < signalled:
		d.Why = fmt.Sprintf("of %.0f processes that were %s only %.0f %s", signalled, p.manner.harmed, mended, p.manner.mended)
	default:
		d.Hit = true
		d.Why = fmt.Sprintf("%.0f processes were %s, %.0f %s", signalled, p.manner.harmed, mended, p.manner.mended)
	}
	return d
}
