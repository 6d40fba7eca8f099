package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"stormglass/chaos/fault"
	"stormglass/chaos/scenario"
)

const (
	// patience is how long a fault that waits for a moment on a link may wait. Then it is undone, with no dose.
	patience = 20 * time.Second
	// undoing bounds the way in, and the way back: for a killed process up to its being ready again.
	undoing = 2 * time.Minute
)

// fault carries out the timeline of faults and returns when the last one is undone.
func (t *trial) fault(ctx context.Context) error {
	specs := t.scenario.Faults
	faults := make([]fault.Fault, len(specs))
	for i, spec := range specs {
		var err error
		if faults[i], err = t.newFault(ctx, i, spec); err != nil {
			return err
		}
	}
	errs := make([]error, len(specs))
	var striking sync.WaitGroup
	for i, spec := range specs {
		striking.Go(func() { errs[i] = t.strike(ctx, spec, faults[i]) })
	}
	striking.Wait()
	for _, f := range faults {
		t.folder.Doses = append(t.folder.Doses, f.Dose())
	}
	if scenario.UsesCapacity(specs) {
		t.folder.Run.Capacity = t.capacity.evidence()
	}
	return errors.Join(errs...)
}

// strike waits for the fault's time, injects it, lets it last, and undoes it on every way out.
func (t *trial) strike(ctx context.Context, spec fault.Spec, f fault.Fault) (err error) {
	if err := wait(spec.At)(ctx); err != nil {
		return err
	}
	target := spec.Target()
	defer func() {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoing)
		defer cancel()
		if undo := f.Undo(back); undo != nil {
			err = errors.Join(err, fmt.Errorf("undo %s on %s: %w", spec.Do, target, undo))
		}
		t.options.Progress(t.scenario.Name, "%s on %s is over", spec.Do, target)
	}()
	t.options.Progress(t.scenario.Name, "%s on %s", spec.Do, target)
	injecting, cancel := context.WithTimeout(ctx, undoing)
	defer cancel()
	if err := f.Inject(injecting); err != nil {
		return fmt.Errorf("inject %s on %s: %w", spec.Do, target, err)
	}
	select {
	case <-f.Done():
	case <-time.After(patience):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return wait(spec.For)(ctx)
}
