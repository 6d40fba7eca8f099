package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stormglass/internal/await"
)

// stage is a stretch of a run of testdata/killed-anywhere.yaml: what the harness says when it begins, and for how long
// after that a kill may come.
type stage struct {
	name, begins string
	lasts        time.Duration
}

func stages() []stage {
	return []stage{
		{"boot", "boot", 700 * time.Millisecond},
		{"prepare", "prepare", time.Second},
		{"warm-up", "warmup", time.Second},
		{"steady", "steady", time.Second},
		{"fault", "fault", 2500 * time.Millisecond},
		{"recover", "recover", time.Second},
		{"drain", "drain", 1500 * time.Millisecond},
		{"teardown", "collect", 400 * time.Millisecond},
	}
}

// kill is one moment at which the harness is killed: so long after a stage has begun.
type kill struct {
	stage
	later time.Duration
	guard bool // its guard is killed with it
}

func (k kill) String() string {
	who := "harness"
	if k.guard {
		who = "harness and guard"
	}
	return fmt.Sprintf("%s, %v into %s", who, k.later.Round(time.Millisecond), k.name)
}

// kills draws moments, as many of each stage.
func kills(n int, seed uint64, guard bool) (list []kill) {
	random := rand.New(rand.NewPCG(seed, 1))
	first := random.IntN(len(stages()))
	for i := range n {
		s := stages()[(first+i)%len(stages())]
		list = append(list, kill{s, time.Duration(random.Int64N(int64(s.lasts))), guard})
	}
	return list
}

// setting reads a number from the environment.
func setting(t testing.TB, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatalf("read %s: expected a whole number, got %q", name, text)
	}
	return n
}

// drawn are the moments of one test. KILLS says how many there are at most, 4 by default, and share how many of them this
// test takes; KILLS_SEED draws the same again.
func drawn(t *testing.T, share int, guard bool) []kill {
	n, seed := setting(t, "KILLS", 4), setting(t, "KILLS_SEED", uint64(time.Now().UnixNano()%1_000_000))
	t.Logf("KILLS=%d KILLS_SEED=%d draws these moments again", n, seed)
	return kills(max(1, int(n)/share), seed+uint64(share), guard)
}

// TestNothingOutlivesAHarnessKilledAtAnyMoment kills runs with SIGKILL at random moments. Each must leave no process, running
// or paused, no port (only a process can hold one) and no file of a cell.
func TestNothingOutlivesAHarnessKilledAtAnyMoment(t *testing.T) {
	for _, k := range drawn(t, 1, false) {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			k.strike(t)
		})
	}
}

// TestTheNextHarnessSweepsBehindAGuardKilledAtAnyMoment kills the guard together with its harness, so that nobody is there
// to clean up: the next harness must.
func TestTheNextHarnessSweepsBehindAGuardKilledAtAnyMoment(t *testing.T) {
	for _, k := range drawn(t, 4, true) {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			k.strike(t)
		})
	}
}

// strike runs the scenario, kills, and waits until nothing is left.
func (k kill) strike(t *testing.T) {
	h, had := k.reach(t)
	if k.guard { // the harness must not live to sweep behind its guard
		for _, step := range []struct {
			pid    int
			signal syscall.Signal
		}{{h.cmd.Process.Pid, syscall.SIGSTOP}, {had.guard, syscall.SIGKILL}} {
			if err := syscall.Kill(step.pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				t.Fatal(err)
			}
		}
	}
	if err := h.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-h.ended
	if status, ok := h.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		k.half().strike(t) // it was over before the kill came, which therefore says nothing
		return
	}
	if k.guard {
		h.next()
	}
	begin := time.Now()
	await.NoError(t, h.left)
	t.Logf("killed with %d processes there, %d of them paused; all was gone after %v", had.all, had.paused, time.Since(begin).Round(10*time.Millisecond))
}

// reach starts a run and gets to the moment. Where the guard is to be killed there must be one: a run that has none any
// more was over too early, and is started again with the moment half as late.
func (k kill) reach(t *testing.T) (*harness, census) {
	for {
		h := stormglass(t, "run", filepath.Join("scenarios", "e2e", "testdata", "killed-anywhere.yaml"))
		h.await(": " + k.begins + "\n")
		time.Sleep(k.later) // the moment is the case
		for had := h.census(); ; had = h.census() {
			if had.guard != 0 || !k.guard {
				return h, had
			}
			select {
			case <-h.ended:
			case <-time.After(5 * time.Millisecond):
				continue
			}
			break
		}
		k = k.half()
	}
}

func (k kill) half() kill {
	k.later /= 2
	return k
}

// next starts another harness, which sweeps before it does anything else.
func (h *harness) next() {
	h.t.Helper()
	next := exec.Command(filepath.Join(h.bin, "stormglass"), "up", "--bin", h.bin, "--probe")
	next.Dir, next.Env = root, append(os.Environ(), "TMPDIR="+h.temp)
	if said, err := next.CombinedOutput(); err != nil {
		h.t.Fatalf("the next harness: %v\n%s", err, said)
	}
}

// census counts the processes of a harness, itself left out, and finds its guard.
type census struct{ all, paused, guard int }

func (h *harness) census() (c census) {
	h.t.Helper()
	list, err := exec.Command("ps", "-axo", "pid,stat,args").Output()
	if err != nil {
		h.t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		pid, err := strconv.Atoi(fields[0])
		if err != nil || !strings.Contains(line, h.bin) || pid == h.cmd.Process.Pid {
			continue
		}
		c.all++
		if strings.HasPrefix(fields[1], "T") {
			c.paused++
		}
		if strings.HasSuffix(strings.TrimSpace(line), "stormglass guard") {
			c.guard = pid
		}
	}
	return c
}

// TestARunWhoseGuardIsKilledSaysSoAndLeavesNothing kills the guard alone, at random moments: the harness must notice, sweep,
// and call the run INVALID.
func TestARunWhoseGuardIsKilledSaysSoAndLeavesNothing(t *testing.T) {
	for _, k := range drawn(t, 4, true) {
		t.Run(fmt.Sprintf("guard, %v into %s", k.later.Round(time.Millisecond), k.name), func(t *testing.T) {
			t.Parallel()
			h, had := k.reach(t)
			if err := syscall.Kill(had.guard, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				t.Fatal(err)
			}
			select {
			case <-h.ended:
			case <-time.After(2 * time.Minute):
				t.Fatal("the run goes on two minutes after its guard was killed: " + h.says())
			}
			if code := shellCode(h.cmd.ProcessState); code != 4 && k.name != "teardown" {
				t.Errorf("got exit code %d, want 4\n%s", code, h.says())
			}
			await.NoError(t, h.left)
		})
	}
}
