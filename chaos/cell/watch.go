package cell

import (
	"errors"
	"fmt"
	"maps"
	"syscall"
	"time"
)

// Instance is one process of a cell as it is now.
type Instance struct {
	Name  string // such as "order-1"
	Unit  string
	Kind  string
	Pid   int               // 0 while it is dead
	Addrs map[string]string // port name → its own address, past every proxy
	State State
}

// Instances lists the processes in file order.
func (c *Cell) Instances() []Instance {
	var out []Instance
	for _, p := range c.procs {
		p.mu.Lock()
		out = append(out, Instance{
			Name: p.plan.name, Unit: p.plan.unit.Name, Kind: p.plan.unit.Kind,
			Pid: p.pid, Addrs: maps.Clone(p.plan.addrs), State: p.state,
		})
		p.mu.Unlock()
	}
	return out
}

// Death is a process that ended though nobody asked for it.
type Death struct {
	Instance string // or "guard", when the guard itself was killed and took all with it
	Exit     string // such as "exit status 2" or "signal: killed"
	LogTail  string
	At       time.Time
}

// String tells of the death in one line, with the end of the log below it.
func (d Death) String() string {
	return fmt.Sprintf("%s ended though nobody asked (%s); the end of its log:\n%s", d.Instance, d.Exit, d.LogTail)
}

// ended is what the keeper calls when a process has ended.
func (c *Cell) ended(r report) {
	p, err := c.Process(r.Name)
	if err != nil {
		return // the guard speaks of nothing else than what it was told to start
	}
	if p.ended(r.Exit, r.CPU) && !c.stopping.Load() {
		c.mourn(Death{Instance: r.Name, Exit: r.Exit, LogTail: logTail(p.log()), At: time.Now()})
	}
}

// lost is what the keeper calls when the guard has ended before its time. Every process has been killed by then.
func (c *Cell) lost() {
	for _, p := range c.procs {
		p.ended("killed with the guard", 0)
	}
	if !c.stopping.Load() {
		c.mourn(Death{Instance: "guard", Exit: "the guard process has ended", At: time.Now()})
	}
}

// mourn passes a death on. More of them than anybody reads add nothing: the first makes the run invalid.
func (c *Cell) mourn(d Death) {
	select {
	case c.deaths <- d:
	default:
	}
}

// PSS is each live instance's share of the machine's memory in bytes: what is shared with others is divided among them.
// Where the system has no such figure it is the resident set.
func (c *Cell) PSS() (map[string]int64, error) {
	out := map[string]int64{}
	err := c.measure("memory", func(p *Process, pid int, _ time.Duration) error {
		if pid == 0 {
			return nil
		}
		bytes, err := memory(pid)
		if err == nil {
			out[p.Name()] = bytes
		}
		return err
	})
	return out, err
}

// CPU is the processor time, user and system, that each instance has used in all its lives.
func (c *Cell) CPU() (map[string]time.Duration, error) {
	out := map[string]time.Duration{}
	err := c.measure("processor time", func(p *Process, pid int, spent time.Duration) (err error) {
		var now time.Duration
		if pid > 0 {
			now, err = cpuTime(pid)
		}
		out[p.Name()] = spent + now
		return err
	})
	return out, err
}

// measure asks something of every process, with its present pid (0 when it is dead) and the processor time of its past
// lives. A process that ends in the middle of the question is no error.
func (c *Cell) measure(what string, ask func(p *Process, pid int, spent time.Duration) error) error {
	var errs []error
	for _, p := range c.procs {
		p.mu.Lock()
		pid, spent := p.pid, p.spent
		p.mu.Unlock()
		err := ask(p, pid, spent)
		if err == nil || errors.Is(err, syscall.ESRCH) { // what the kernel says of one that is just ending
			continue
		}
		if _, gone := startMark(pid); gone == nil {
			errs = append(errs, fmt.Errorf("measure %s of %s: %w", what, p.Name(), err))
		}
	}
	return errors.Join(errs...)
}
