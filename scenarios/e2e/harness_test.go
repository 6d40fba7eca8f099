package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stormglass/internal/await"
)

// harness is stormglass in a process of its own, with folders that nobody else uses: what it leaves is its own.
type harness struct {
	t              testing.TB
	bin, temp, out string
	cmd            *exec.Cmd
	ended          chan struct{}

	mu   sync.Mutex
	said strings.Builder
}

// Write takes what stormglass says.
func (h *harness) Write(text []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said.Write(text)
}

func (h *harness) says() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said.String()
}

// stormglass starts a command line of it.
func stormglass(t testing.TB, args ...string) *harness {
	t.Helper()
	return stormglassIn(t, t.TempDir(), args...)
}

// stormglassIn starts a command line of it whose folders are below dir.
func stormglassIn(t testing.TB, dir string, args ...string) *harness {
	t.Helper()
	h := &harness{t: t, bin: filepath.Join(dir, "bin"), temp: filepath.Join(dir, "temp"), out: filepath.Join(dir, "out"), ended: make(chan struct{})}
	for _, folder := range []string{h.bin, h.temp} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range []string{"shop", "standins", "stormglass"} { // by a path of their own, for `left`
		if err := os.Link(filepath.Join(programs, program), filepath.Join(h.bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	args = append(args, "--bin", h.bin, "--system", filepath.Join("system", "shop.yaml"))
	if args[0] == "run" {
		args = append(args, "--out", h.out)
	}
	h.cmd = exec.Command(filepath.Join(h.bin, "stormglass"), args...)
	h.cmd.Dir, h.cmd.Stdout, h.cmd.Stderr = root, h, h
	h.cmd.Env = append(os.Environ(), "TMPDIR="+h.temp)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = h.cmd.Wait() // its exit code is looked at by those who care
		close(h.ended)
	}()
	t.Cleanup(func() { _ = h.cmd.Process.Kill(); <-h.ended })
	return h
}

// await waits until stormglass has said something. A run may take its time on a busy machine.
func (h *harness) await(text string) {
	h.t.Helper()
	await.NoError(h.t, func() error {
		select {
		case <-h.ended:
			if said := h.says(); !strings.Contains(said, text) {
				h.t.Fatalf("it has ended, and never said %q: %s", text, said)
			}
		default:
		}
		if said := h.says(); !strings.Contains(said, text) {
			return fmt.Errorf("it has not said %q: %s", text, said)
		}
		return nil
	})
}

// left says what is there of the harness, or nil: a process of its programs, which alone can hold a port, a folder, or a
// record of what a guard had started.
func (h *harness) left() error {
	list, err := exec.Command("ps", "-axo", "pid,stat,args").Output()
	if err != nil {
		return err
	}
	var found []string
	for line := range strings.Lines(string(list)) {
		if strings.Contains(line, h.bin) && !strings.Contains(line, "<defunct>") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("process %s", strings.Join(found, "\n"))
	}
	return errors.Join(h.leftBelow(h.temp), h.leftBelow(h.out), h.leftInMemory())
}

// leftInMemory says which folder of a cell's data is there that lies in memory.
func (h *harness) leftInMemory() error {
	found, err := filepath.Glob(fmt.Sprintf("/dev/shm/stormglass-%d-*", h.cmd.Process.Pid))
	if len(found) > 0 {
		err = fmt.Errorf("files %v", found)
	}
	return err
}

// leftBelow says which file of a cell's is there below a folder. The evidence of a run that was broken off may stay.
func (h *harness) leftBelow(folder string) error {
	var found []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it went while we looked, or was never made
		case err != nil:
			return err
		case folder == h.temp && path != folder && !strings.HasPrefix(d.Name(), fmt.Sprintf("stormglass-%d", os.Getuid())),
			folder == h.out && d.IsDir() && d.Name() == "data":
			found = append(found, path)
		}
		return nil
	})
	if len(found) > 0 {
		err = errors.Join(err, fmt.Errorf("files %v", found))
	}
	return err
}

// moments are those at which the harness is ended: after it said something, and a little later.
func moments() []struct {
	command []string
	after   string
	later   time.Duration
} {
	dark := filepath.Join("scenarios", "card-processor-dark.yaml")
	return []struct {
		command []string
		after   string
		later   time.Duration
	}{
		{[]string{"up"}, "", 150 * time.Millisecond}, // processes are being started
		{[]string{"up"}, "", 400 * time.Millisecond},
		{[]string{"up"}, "Ctrl-C stops it.", 0},
		{[]string{"run", dark}, "boot", 100 * time.Millisecond},
		{[]string{"run", dark}, "prepare", 100 * time.Millisecond},
		{[]string{"run", dark}, "steady", 500 * time.Millisecond},
	}
}

func TestNothingOutlivesTheHarnessHoweverItEnds(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		for _, m := range moments() {
			t.Run(fmt.Sprintf("%s %s %q %s", signal, m.command[0], m.after, m.later), func(t *testing.T) {
				t.Parallel()
				h := stormglass(t, m.command...)
				h.await(m.after)
				time.Sleep(m.later) // the moment is the case
				if m.after == "steady" && errors.Join(h.leftInMemory(), h.leftBelow(h.out)) == nil {
					t.Error("no data is found while it runs, so none would be found afterwards")
				}
				guarded := h.census().guard != 0
				if err := h.cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				await.NoError(t, func() error {
					select {
					case <-h.ended:
						return nil
					default:
						return errors.New("stormglass still runs: " + h.says())
					}
				})
				if !guarded { // there was nobody yet to clean up behind it
					h.next()
				}
				await.NoError(t, h.left)
				t.Logf("gone after %v", time.Since(begin).Round(time.Millisecond))
				if code := shellCode(h.cmd.ProcessState); signal == syscall.SIGINT && code != 130 {
					t.Errorf("after Ctrl-C: got exit code %d, want 130\n%s", code, h.says())
				}
			})
		}
	}
}

// shellCode is the exit code as a shell tells it: 128 and the signal's number for a process that the signal ended before
// it could take it up.
func shellCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// TestWhatAKilledGuardLeavesIsSweptByTheNextRun kills the harness and its guard at once, so that nobody is there to clean
// up: the next harness does.
func TestWhatAKilledGuardLeavesIsSweptByTheNextRun(t *testing.T) {
	t.Parallel()
	h := stormglass(t, "up")
	h.await("Ctrl-C stops it.")
	if err := errors.Join(h.left(), h.leftBelow(h.temp)); err == nil || !strings.Contains(err.Error(), "process") || !strings.Contains(err.Error(), "files") {
		t.Errorf("while it runs: got %v, want its processes and its folder, or the search finds nothing ever", err)
	}
	guard := h.pidOf("stormglass guard")
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(guard, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatal(err)
	}
	<-h.ended
	h.next()
	await.NoError(t, h.left)
}

// pidOf finds the one process of the harness whose command line ends so.
func (h *harness) pidOf(ending string) (pid int) {
	h.t.Helper()
	list, err := exec.Command("ps", "-axo", "pid,args").Output()
	if err != nil {
		h.t.Fatal(err)
	}
	var found []int
	for line := range strings.Lines(string(list)) {
		if line = strings.TrimSpace(line); strings.Contains(line, h.bin) && strings.HasSuffix(line, ending) {
			if _, err := fmt.Sscan(line, &pid); err != nil {
				h.t.Fatal(err)
			}
			found = append(found, pid)
		}
	}
	if len(found) != 1 {
		h.t.Fatalf("got the processes %v for %q, want one", found, ending)
	}
	return pid
}
