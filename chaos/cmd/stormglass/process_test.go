package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stormglass/chaos/run/runtest"
	"stormglass/internal/await"
)

// process is stormglass in a process of its own.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	said  safeBuffer
	ended chan struct{}
}

// safeBuffer is a buffer that one goroutine may read while another writes.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (p *process) await(text string) {
	p.t.Helper()
	await.NoError(p.t, func() error {
		said := p.said.String()
		if strings.Contains(said, text) {
			return nil
		}
		select {
		case <-p.ended:
			p.t.Fatalf("it ended before it said %q:\n%s", text, said)
		default:
		}
		return fmt.Errorf("no %q in %s", text, said)
	})
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) exitCode() int {
	p.t.Helper()
	await.NoError(p.t, func() error {
		select {
		case <-p.ended:
			return nil
		default:
			return fmt.Errorf("it does not end: %s", p.said.String())
		}
	})
	return p.cmd.ProcessState.ExitCode()
}

func TestCtrlCInTheMiddleOfAFaultUndoesEverything(t *testing.T) {
	y := newToy(t)
	p := y.start(y.line("run", runtest.Write(t, "scenarios/bank-dark.yaml"), "--out", y.out)...)
	p.await("blackhole on desk -> bank")
	p.signal(syscall.SIGINT)
	if got, want := p.exitCode(), 130; got != want {
		t.Errorf("exit code: got %d, want %d\n%s", got, want, p.said.String())
	}
	if got := p.said.String(); !strings.Contains(got, "interrupted") || strings.Contains(got, "PASS") {
		t.Errorf("got %s, want word of the interruption and no verdict", got)
	}
	if left := y.left(); left != "" {
		t.Errorf("processes left:\n%s", left)
	}
}

// TestAHarnessThatIsKilledOrCrashesLeavesNoProcess: SIGQUIT makes the runtime end the program as a panic does, with the
// stacks of its goroutines and exit code 2, and without one deferred function.
func TestAHarnessThatIsKilledOrCrashesLeavesNoProcess(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGQUIT} {
		t.Run(s.String(), func(t *testing.T) {
			y := newToy(t)
			p := y.start(y.line("run", runtest.Write(t, "scenarios/bank-dark.yaml"), "--out", y.out)...)
			p.await("blackhole on desk -> bank")
			if y.left() == "" {
				t.Fatal("no process of the toy is seen while it runs: the test looks in the wrong place")
			}
			p.signal(s)
			await.NoError(t, func() error {
				if left := y.left(); left != "" {
					return fmt.Errorf("processes left:\n%s", left)
				}
				return nil
			})
		})
	}
}

func TestUpStaysUntilCtrlC(t *testing.T) {
	y := newToy(t)
	p := y.start(y.line("up")...)
	p.await("Ctrl-C stops it.")
	if got := p.said.String(); !strings.Contains(got, "curl -X POST http://127.0.0.1:") {
		t.Errorf("got %s, want the walk-through with the public address", got)
	}
	p.signal(syscall.SIGINT)
	if got, want := p.exitCode(), 130; got != want {
		t.Errorf("exit code: got %d, want %d\n%s", got, want, p.said.String())
	}
	if left := y.left(); left != "" {
		t.Errorf("processes left:\n%s", left)
	}
}

// TestAHarnessThatStandsStillBlamesNobodyAndLooksAgain stops the harness, as Ctrl-Z or a sleeping laptop does, in each phase in
// turn: that try is worth nothing, another is made by itself, and nothing is left behind.
func TestAHarnessThatStandsStillBlamesNobodyAndLooksAgain(t *testing.T) {
	const still = 2500 * time.Millisecond // long enough to be noticed, see verdict.stillFor
	for _, phase := range []string{"boot", "warmup", "steady", "fault", "recover", "drain"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			y := newToy(t)
			p := y.start(y.line("run", runtest.Write(t, "scenarios/bank-dark.yaml"), "--out", y.out)...)
			p.await("bank-dark: " + phase)
			p.signal(syscall.SIGSTOP)
			time.Sleep(still) // not a wait for something: this is how long it stands still
			p.signal(syscall.SIGCONT)
			p.await("could not be judged (harness_stood_still): try 2 of 3")
			if got, want := p.exitCode(), 0; got != want {
				t.Errorf("exit code: got %d, want %d\n%s", got, want, p.said.String())
			}
			for _, want := range []string{"INVALID (not PASS) bank-dark", "the harness stood still for", "PASS          bank-dark, try 2", "try 1       INVALID: harness_stood_still"} {
				if got := p.said.String(); !strings.Contains(got, want) {
					t.Errorf("got\n%s\nwant %q in it", got, want)
				}
			}
			first := filepath.Join(y.out, "latest", "bank-dark", "try-1")
			if code, stdout, stderr := y.execute("check", first); code != 3 || !strings.Contains(stdout, "stood still") || strings.Contains(stderr, "differs") {
				t.Errorf("check of the first try: got code %d\n%s%s", code, stdout, stderr)
			}
			if left := y.left(); left != "" {
				t.Errorf("processes left:\n%s", left)
			}
		})
	}
}
