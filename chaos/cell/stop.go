package cell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"stormglass/chaos/system"
)

// grace is how long the processes of one kind may take to end by themselves.
const grace = 5 * time.Second

// Stop ends the cell: SIGTERM to the services, then to the companies, then to the backends, so that each can finish
// its work while what it leans on is still there; SIGKILL to those that have not ended in time, or when ctx ends. Then
// the proxies are closed, the ports given back and, unless Options.Keep says otherwise, the data removed. A second call
// gives what the first one gave.
func (c *Cell) Stop(ctx context.Context) error {
	c.stop.Do(func() { c.stopErr = c.tearDown(ctx) })
	return c.stopErr
}

func (c *Cell) tearDown(ctx context.Context) error {
	c.stopping.Store(true)
	var errs []error
	if c.keeper != nil {
		for _, kind := range system.Kinds() {
			c.terminate(ctx, kind)
		}
		errs = append(errs, c.keeper.close())
		removeEmpty(filepath.Join(c.o.Dir, guardLog))
	}
	for _, p := range c.proxies {
		errs = append(errs, p.close())
	}
	if c.ports != nil {
		errs = append(errs, c.ports.Release())
	}
	c.probes.CloseIdleConnections()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop cell: %w", err)
	}
	return nil
}

// terminate asks the processes of one kind to end and waits for them. The guard's own end kills what is left.
func (c *Cell) terminate(ctx context.Context, kind string) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	var wg sync.WaitGroup
	for _, p := range c.procs {
		if p.plan.unit.Kind == kind {
			wg.Go(func() { p.terminate(ctx) })
		}
	}
	wg.Wait()
}

// terminate asks one process to end and waits for it. A paused one has to be woken to hear it. One that does not end
// in time is killed, and said to have been. The result says whether it ended by itself.
func (p *Process) terminate(ctx context.Context) bool {
	over := p.expectEnd()
	if !p.Alive() || ctx.Err() != nil || p.signal(syscall.SIGCONT) != nil || p.signal(syscall.SIGTERM) != nil {
		return false
	}
	select {
	case <-over:
		return true
	case <-ctx.Done():
		p.cell.o.Progress("%s did not end within %s of SIGTERM and is killed", p.Name(), grace)
		_ = p.kill() // what this cannot end, the guard's end does
		return false
	}
}

// removeEmpty removes a file that says nothing.
func removeEmpty(path string) {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		_ = os.Remove(path)
	}
}
