package cell

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// State is what an instance is doing.
type State string

// The states of an instance.
const (
	Starting State = "starting"
	Ready    State = "ready"
	Paused   State = "paused"
	Dead     State = "dead"
)

const (
	killWithin  = 20 * time.Second // how long a killed process may take to be gone
	pauseWithin = 20 * time.Second // how long a paused one may take to stand still
)

// Process is one instance's process, through all its lives. Its address, settings and data stay the same.
type Process struct {
	cell *Cell
	plan *planned

	change sync.Mutex // one change of life at a time

	mu      sync.Mutex // guards what follows
	state   State
	pid     int
	started time.Time
	asked   bool          // its end was asked for
	over    chan struct{} // closed when the present life ends
	exit    string        // how the last life ended
	spent   time.Duration // processor time of the lives that are over
}

// Name is the instance's name, such as "order-1".
func (p *Process) Name() string { return p.plan.name }

// Unit is the name of the unit that it is an instance of.
func (p *Process) Unit() string { return p.plan.unit.Name }

// Pid is its process id, 0 while it is dead.
func (p *Process) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// Alive says whether there is a process, running or paused.
func (p *Process) Alive() bool { return p.Pid() != 0 }

// Started is when its present life began, or its last one.
func (p *Process) Started() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started
}

// Kill ends it at once, as `kill -9` does, and returns when it is dead.
func (p *Process) Kill() error {
	p.change.Lock()
	defer p.change.Unlock()
	return p.kill()
}

func (p *Process) kill() error {
	over := p.expectEnd()
	if err := p.signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill process: %w", err)
	}
	select {
	case <-over:
		return nil
	case <-time.After(killWithin):
		return fmt.Errorf("kill process: %s still runs %s after SIGKILL", p.Name(), killWithin)
	}
}

// Stop asks it to end, as `kill` does, and returns when it has. One that does not end in time is killed, and that is an
// error.
func (p *Process) Stop(ctx context.Context) error {
	p.change.Lock()
	defer p.change.Unlock()
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if !p.Alive() {
		return fmt.Errorf("stop process: %s does not run", p.Name())
	}
	if !p.terminate(ctx) {
		return fmt.Errorf("stop process: %s did not end within %s of SIGTERM", p.Name(), grace)
	}
	return nil
}

// Restart starts it again, after a kill if it still runs, and returns when it is ready.
func (p *Process) Restart(ctx context.Context) error {
	p.change.Lock()
	defer p.change.Unlock()
	if p.Alive() {
		if err := p.kill(); err != nil {
			return err
		}
	}
	return p.boot(ctx)
}

// Pause halts it where it stands, connections open and memory kept, and returns when it stands still.
func (p *Process) Pause() error {
	if err := p.shift(syscall.SIGSTOP, Paused); err != nil {
		return err
	}
	for end := time.Now().Add(pauseWithin); ; time.Sleep(time.Millisecond) {
		still, err := halted(p.Pid())
		if still || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("pause process: %s still runs %s after SIGSTOP", p.Name(), pauseWithin)
		}
	}
}

// Resume lets a paused process run on.
func (p *Process) Resume() error {
	return p.shift(syscall.SIGCONT, Ready)
}

func (p *Process) shift(s syscall.Signal, to State) error {
	p.change.Lock()
	defer p.change.Unlock()
	if err := p.signal(s); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid != 0 {
		p.state = to
	}
	return nil
}

// boot starts it and waits until it is ready.
func (p *Process) boot(ctx context.Context) error {
	if err := p.start(); err != nil {
		return err
	}
	return p.awaitReady(ctx)
}

// start begins a life.
func (p *Process) start() error {
	p.mu.Lock()
	p.state, p.asked, p.started, p.over = Starting, false, time.Now(), make(chan struct{})
	over := p.over
	p.mu.Unlock()
	answer, err := p.cell.keeper.order(order{
		Do: "start", Name: p.Name(), Argv: p.plan.argv, Env: p.plan.env, Dir: p.cell.o.Dir, Log: p.log(),
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.state = Dead
		return fmt.Errorf("start %s: %w", p.Name(), err)
	}
	select {
	case <-over: // it has ended already; awaitReady will say so
	default:
		p.pid = answer.Pid
	}
	return nil
}

// expectEnd makes the end of the present life an expected one.
func (p *Process) expectEnd() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = true
	return p.over
}

// ended notes the end of the present life and says whether nobody had asked for it.
func (p *Process) ended(exit string, spent time.Duration) (unasked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == Dead {
		return false
	}
	booting := p.state == Starting // then whoever waits for it says how it ended
	p.state, p.pid, p.exit = Dead, 0, exit
	p.spent += spent
	close(p.over)
	return !p.asked && !booting
}

func (p *Process) signal(s syscall.Signal) error {
	_, err := p.cell.keeper.order(order{Do: "signal", Name: p.Name(), Signal: s})
	return err
}

func (p *Process) log() string {
	return filepath.Join(p.cell.o.Dir, logsDir, p.Name()+".log")
}

// Setting gives a variable of the environment that the process was started with.
func (p *Process) Setting(name string) (value string, ok bool) {
	for _, setting := range p.plan.env {
		if rest, is := strings.CutPrefix(setting, name+"="); is {
			value, ok = rest, true // the last one holds
		}
	}
	return value, ok
}
