package cell

import (
	"context"
	"time"
)

// Process is one instance's process, through all its lives.
type Process struct{}

// Kill ends it at once and returns when it is dead.
func (p *Process) Kill(ctx context.Context) error { return errNotBuilt }

// Restart starts it again with the same ports, settings and data, and returns when it is ready.
func (p *Process) Restart(ctx context.Context) error { return errNotBuilt }

// Pause stops it where it stands.
func (p *Process) Pause(ctx context.Context) error { return errNotBuilt }

// Resume lets it run on.
func (p *Process) Resume(ctx context.Context) error { return errNotBuilt }

// Name is the instance's name.
func (p *Process) Name() string { return "" }

// Pid is its process id, 0 while it is dead.
func (p *Process) Pid() int { return 0 }

// Alive says whether it runs (or is paused).
func (p *Process) Alive() bool { return false }

// Started is when its present life began.
func (p *Process) Started() time.Time { return time.Time{} }
