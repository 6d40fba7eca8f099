package cell

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// An order is one line from the harness to its guard.
type order struct {
	ID     int            `json:"id"`
	Do     string         `json:"do"` // open, start, signal or yield
	Name   string         `json:"name,omitempty"`
	Argv   []string       `json:"argv,omitempty"`
	Env    []string       `json:"env,omitempty"`
	Dir    string         `json:"dir,omitempty"`
	Log    string         `json:"log,omitempty"`
	Signal syscall.Signal `json:"signal,omitempty"`
	Record string         `json:"record,omitempty"` // open: where the guard writes down what it started
	Data   string         `json:"data,omitempty"`   // open: the folder that goes with the cell, or ""
}

// A report is one line from the guard: the answer to an order (ID above 0), or word of a process that ended.
type report struct {
	ID   int           `json:"id,omitempty"`
	Err  string        `json:"err,omitempty"`
	Pid  int           `json:"pid,omitempty"`
	Name string        `json:"name,omitempty"`
	Exit string        `json:"exit,omitempty"`
	CPU  time.Duration `json:"cpu,omitempty"`
}

// Guard starts and signals the processes of one cell on the orders that it reads, one JSON line each, and reports in the
// same form. It is a process of its own for one reason: when its input ends, however the harness died, it kills every
// process group that it started, stopped ones too, and only then returns.
//
//	harness ──orders──▶ guard ──starts, signals──▶ order-1, product-1, …  (each in its own process group)
//	        ◀─reports──       ──writes──▶ record  (what a later run sweeps if the guard itself was killed)
func Guard(in io.Reader, out io.Writer) error {
	// A write to a harness that is gone must be an error here and not the end of the guard.
	signal.Ignore(syscall.SIGPIPE)
	for fd := range mostHeld { // what the harness gave us to hold is not for those whom we start
		syscall.CloseOnExec(3 + fd)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	g := &guard{out: json.NewEncoder(out), children: map[string]*child{}}
	ended := make(chan error, 1)
	go func() { ended <- g.obey(in) }()
	var err error
	select {
	case err = <-ended:
	case <-stop:
	}
	return errors.Join(err, g.end())
}

// mostHeld bounds how many files a harness gives its guard to hold.
const mostHeld = 64

type guard struct {
	mu       sync.Mutex // guards out and everything below
	out      *json.Encoder
	record   *record
	children map[string]*child
	niceness int // of those that are started from now on, and of all
	ending   bool
	waits    sync.WaitGroup
}

type child struct {
	cmd  *exec.Cmd
	over bool
}

// obey carries out orders until there are no more.
func (g *guard) obey(in io.Reader) error {
	orders := json.NewDecoder(in)
	for {
		var o order
		if err := orders.Decode(&o); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read order: %w", err)
		}
		g.mu.Lock()
		pid, err := g.do(o)
		answer := report{ID: o.ID, Name: o.Name, Pid: pid}
		if err != nil {
			answer.Err = err.Error()
		}
		g.tell(answer)
		g.mu.Unlock()
	}
}

func (g *guard) do(o order) (pid int, err error) {
	switch o.Do {
	case "open":
		g.record, err = newRecord(o.Record, o.Data)
		return os.Getpid(), err
	case "start":
		return g.start(o)
	case "signal":
		return 0, g.signal(o.Name, o.Signal)
	case "yield":
		return 0, g.yield()
	default:
		return 0, fmt.Errorf("read order: unknown word %q", o.Do)
	}
}

// start runs a program in a process group of its own, its output appended to its log.
func (g *guard) start(o order) (int, error) {
	if g.ending || g.record == nil {
		return 0, errors.New("start process: the guard is not open")
	}
	log, err := os.OpenFile(o.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return 0, fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	cmd, err := newGated(o.Argv)
	if err != nil {
		return 0, fmt.Errorf("start process: %w", err)
	}
	defer cmd.close()
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = o.Env, o.Dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := launch(cmd.Cmd, g.niceness); err != nil {
		return 0, fmt.Errorf("start process: %w", err)
	}
	c := &child{cmd: cmd.Cmd}
	g.children[o.Name] = c
	g.waits.Go(func() { g.wait(o.Name, c) })
	if err := g.record.add(o.Name, cmd.Process.Pid); err != nil {
		return 0, err
	}
	cmd.open()
	return cmd.Process.Pid, nil
}

// wait reports a process's end, and ends what it left in its group.
func (g *guard) wait(name string, c *child) {
	err := c.cmd.Wait()
	exit := "exit status 0"
	if err != nil {
		exit = err.Error()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c.over = true
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // most leave nothing: ESRCH
	state := c.cmd.ProcessState
	g.tell(report{Name: name, Exit: exit, CPU: state.UserTime() + state.SystemTime()})
}

// signal sends a signal to a process; what it cannot handle, a kill, a halt and its end, to all that belong to it.
func (g *guard) signal(name string, s syscall.Signal) error {
	c := g.children[name]
	if c == nil || c.over {
		return fmt.Errorf("signal %s: it is not running", name)
	}
	send := syscall.Kill
	if s == syscall.SIGKILL || s == syscall.SIGSTOP || s == syscall.SIGCONT {
		send = strike
	}
	if err := send(c.cmd.Process.Pid, s); err != nil {
		return fmt.Errorf("signal %s: %w", name, err)
	}
	return nil
}

// yield lowers the priority of all that runs, and of what is yet to start.
func (g *guard) yield() error {
	g.niceness = yielding
	for name, c := range g.children {
		if c.over {
			continue
		}
		if err := lower(c.cmd.Process.Pid, g.niceness); err != nil {
			return fmt.Errorf("lower priority of %s: %w", name, err)
		}
	}
	return nil
}

// tell sends one report. A harness that is gone cannot be told, and its absence shows as the end of the orders.
func (g *guard) tell(r report) { _ = g.out.Encode(r) }

// end kills all that still runs, waits for it, and takes the record away, because nothing is left to sweep.
func (g *guard) end() error {
	g.mu.Lock()
	g.ending = true
	for _, c := range g.children {
		if !c.over {
			_ = strike(c.cmd.Process.Pid, syscall.SIGKILL)
		}
	}
	g.mu.Unlock()
	g.waits.Wait()
	if g.record == nil {
		return nil
	}
	return g.record.close()
}
