package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"stormglass/chaos/cell"
)

func killKind() Kind {
	return Kind{
		Name: "kill", On: "process", Keys: []string{"when"},
		Doc: "ends every instance of the process with SIGKILL, and starts it again when the time is over, with the same " +
			"address, settings and data; with when, at the moment that the nth such text passes a link",
		check: checkKill,
		build: newKill,
	}
}

func checkKill(s Spec) error {
	if s.When == nil {
		return nil
	}
	return s.When.check()
}

// kill ends processes and starts them again.
type kill struct {
	*window
	spec      Spec
	processes []*cell.Process
	watch     *watch // nil without a trigger

	mu     sync.Mutex // one strike or undoing at a time; guards what follows
	undone bool
	err    error // of a strike that a trigger made, which only Undo can give
	killed []*cell.Process
}

func newKill(s Spec, c *cell.Cell, _ uint64) (Fault, error) {
	processes, err := c.Processes(s.Process)
	if err != nil {
		return nil, fmt.Errorf("make fault %s: %w", s.Do, err)
	}
	k := &kill{window: newWindow("pids_signalled", "restarted", "restart_ms"), spec: s, processes: processes}
	if s.When != nil {
		k.watch, err = newWatch(*s.When, c, func() { _ = k.strike() })
	}
	return k, err
}

func (k *kill) Inject(context.Context) error {
	if k.watch != nil {
		k.watch.arm()
		return nil
	}
	return k.strike()
}

// strike kills the processes all at once and returns when they are dead. One that comes after Undo does nothing.
func (k *kill) strike() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.undone {
		return nil
	}
	defer k.open()
	errs := make([]error, len(k.processes))
	var wg sync.WaitGroup
	for i, p := range k.processes {
		wg.Go(func() { errs[i] = p.Kill() })
	}
	wg.Wait()
	for i, p := range k.processes {
		if errs[i] == nil {
			k.killed = append(k.killed, p)
			k.count("pids_signalled", 1)
		}
	}
	err := errors.Join(errs...)
	if k.watch != nil {
		k.err = err
	}
	return err
}

// Undo starts what was killed again and waits until it is ready.
func (k *kill) Undo(ctx context.Context) error {
	if k.watch != nil {
		k.watch.disarm()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.close()
	k.undone = true
	errs := make([]error, len(k.killed))
	var wg sync.WaitGroup
	for i, p := range k.killed {
		wg.Go(func() {
			begin := time.Now()
			if errs[i] = p.Restart(ctx); errs[i] == nil {
				k.count("restarted", 1)
				k.raise("restart_ms", ms(time.Since(begin)))
			}
		})
	}
	wg.Wait()
	k.killed = nil
	return errors.Join(append(errs, k.err)...)
}

func (k *kill) Dose() Dose {
	asked := "kill, start again after " + k.spec.For.String()
	if k.watch != nil {
		asked = fmt.Sprintf("kill at %s, start again after %s", k.watch, k.spec.For)
	}
	d := k.dose(k.spec, asked)
	if k.watch != nil {
		d.Measures["trigger_seen"] = float64(k.watch.counted())
	}
	signalled, restarted := d.Measures["pids_signalled"], d.Measures["restarted"]
	switch {
	case signalled == 0 && k.watch != nil:
		d.Why = fmt.Sprintf("the moment never came: %.0f of %d were seen", d.Measures["trigger_seen"], k.watch.trigger.Nth)
	case signalled == 0:
		d.Why = "no process was killed"
	case !d.End.IsZero() && restarted < signalled:
		d.Why = fmt.Sprintf("of %.0f killed processes only %.0f came back", signalled, restarted)
	default:
		d.Hit = true
		d.Why = fmt.Sprintf("%.0f processes were killed, %.0f came back ready", signalled, restarted)
	}
	return d
}
