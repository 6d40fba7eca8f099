package cell

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// answerWithin bounds how long the guard may take to carry out one order.
const answerWithin = 10 * time.Second

// errGuardLost is what every order gets once the guard is gone.
var errGuardLost = errors.New("the guard process has ended")

// keeper is the harness's end of a guard.
type keeper struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	record string
	onEnd  func(report) // a process ended
	onLost func()       // the guard ended before close; what it had started has been swept
	gone   chan struct{}

	mu      sync.Mutex // guards what follows, and writing to in
	out     *json.Encoder
	last    int
	answers map[int]chan report
	closing bool
}

// newKeeper starts a guard, which has the files in hold open as long as it lives. Its own output, which is only ever a crash,
// goes to the file at errs.
func newKeeper(command []string, record, data, errs string, hold []*os.File, onEnd func(report), onLost func()) (*keeper, error) {
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("start guard: %w", err)
		}
		command = []string{self, "guard"}
	}
	stderr, err := os.Create(errs)
	if err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	defer stderr.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr, cmd.ExtraFiles = stderr, hold
	// A session of its own: Ctrl-C is for the harness, and where Linux shares processors out by session (sched_autogroup), one
	// cell's 25 programs that boot get no more of them than another's that is being measured.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	reports, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	k := &keeper{
		cmd: cmd, in: in, out: json.NewEncoder(in), record: record, onEnd: onEnd, onLost: onLost,
		gone: make(chan struct{}), answers: map[int]chan report{},
	}
	go k.listen(reports)
	if _, err := k.order(order{Do: "open", Record: record, Data: data}); err != nil {
		return nil, errors.Join(fmt.Errorf("start guard: %w", err), k.close())
	}
	return k, nil
}

// order sends one order and waits for its answer.
func (k *keeper) order(o order) (report, error) {
	answer := make(chan report, 1)
	k.mu.Lock()
	k.last++
	o.ID = k.last
	k.answers[o.ID] = answer
	err := k.out.Encode(o)
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		delete(k.answers, o.ID)
		k.mu.Unlock()
	}()
	if err != nil {
		return report{}, errGuardLost
	}
	select {
	case r := <-answer:
		if r.Err != "" {
			return r, errors.New(r.Err)
		}
		return r, nil
	case <-k.gone:
		return report{}, errGuardLost
	case <-time.After(answerWithin):
		return report{}, fmt.Errorf("the guard process did not answer within %s", answerWithin)
	}
}

// listen reads reports until the guard is gone. If nobody asked it to go, listen sweeps behind it at once.
func (k *keeper) listen(reports io.Reader) {
	in := json.NewDecoder(reports)
	for {
		var r report
		if in.Decode(&r) != nil {
			break
		}
		if r.ID == 0 {
			k.onEnd(r)
			continue
		}
		k.mu.Lock()
		answer := k.answers[r.ID]
		k.mu.Unlock()
		if answer != nil {
			answer <- r
		}
	}
	_ = k.cmd.Wait() // how it ended changes nothing: it is gone
	k.mu.Lock()
	closing := k.closing
	k.mu.Unlock()
	if !closing {
		_ = sweepRecord(k.record) // what cannot be swept now is left to the next run
		k.onLost()
	}
	close(k.gone)
}

// close ends the guard, and with it every process that it still has.
func (k *keeper) close() error {
	k.mu.Lock()
	k.closing = true
	k.mu.Unlock()
	_ = k.in.Close() // a guard that is gone has closed it already
	select {
	case <-k.gone:
	case <-time.After(answerWithin):
		_ = k.cmd.Process.Kill()
		<-k.gone
	}
	return sweepRecord(k.record)
}

// Yield lowers the priority of the cell's processes, now and for those to come: where several cells run, the harness that drives
// and watches them all must not wait for each. A cell that has the harness to itself does not yield, for it would yield to other
// programs as well. There is no way back, since an ordinary user may not raise a priority.
func (c *Cell) Yield() error {
	if _, err := c.keeper.order(order{Do: "yield"}); err != nil {
		return fmt.Errorf("lower priority: %w", err)
	}
	return nil
}
