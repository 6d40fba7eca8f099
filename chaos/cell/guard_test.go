package cell_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
	"stormglass/internal/await"
)

// startHarness runs a harness of its own, with its own folder for records, and waits until its cell stands.
func startHarness(t *testing.T, temp string) (*exec.Cmd, []cell.Instance) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "toy-harness", t.TempDir())
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the harness said nothing: %v", err)
	}
	var instances []cell.Instance
	if err := json.Unmarshal(line, &instances); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, in := range instances { // nothing is left, unless the test has failed
			_ = syscall.Kill(-in.Pid, syscall.SIGKILL)
		}
	})
	return cmd, instances
}

// guardOf finds a process's parent.
func guardOf(t *testing.T, pid int) int {
	t.Helper()
	out, err := exec.Command("ps", "-o", "ppid=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	parent, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return parent
}

func awaitGone(t *testing.T, pids ...int) {
	t.Helper()
	await.NoError(t, func() error {
		for _, pid := range pids {
			if celltest.Lives(pid) {
				return fmt.Errorf("pid %d still runs", pid)
			}
		}
		return nil
	})
}

func TestKillingTheHarnessLeavesNoProcessAndNoPort(t *testing.T) {
	temp := t.TempDir()
	harness, instances := startHarness(t, temp)
	guard := guardOf(t, instances[0].Pid)
	if err := syscall.Kill(instances[1].Pid, syscall.SIGSTOP); err != nil { // a stopped process must go too
		t.Fatal(err)
	}
	if err := harness.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, guard, instances[0].Pid, instances[1].Pid)
	for _, in := range instances {
		for port, addr := range in.Addrs {
			mustBeFree(t, in.Name+"."+port, addr)
		}
	}
	await.NoError(t, func() error { return noRecords(temp) })
}

func noRecords(temp string) error {
	left, err := filepath.Glob(filepath.Join(temp, "stormglass-*", "*.cell*"))
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("records are left: %q", left)
	}
	return err
}

func TestTheNextStartSweepsBehindAGuardThatWasKilled(t *testing.T) {
	temp := t.TempDir()
	harness, instances := startHarness(t, temp)
	guard := guardOf(t, instances[0].Pid)
	// The harness must not live to sweep by itself: it is stopped first, and gone before it could go on.
	for _, step := range []struct {
		pid    int
		signal syscall.Signal
	}{{harness.Process.Pid, syscall.SIGSTOP}, {guard, syscall.SIGKILL}, {harness.Process.Pid, syscall.SIGKILL}} {
		if err := syscall.Kill(step.pid, step.signal); err != nil {
			t.Fatal(err)
		}
	}
	awaitGone(t, guard, harness.Process.Pid)
	for _, in := range instances {
		if !celltest.Lives(in.Pid) {
			t.Fatalf("%s ended with its guard; there is nothing to sweep", in.Name)
		}
	}
	t.Setenv("TMPDIR", temp)
	celltest.Start(t, nil)
	for _, in := range instances {
		if celltest.Lives(in.Pid) {
			t.Errorf("%s (pid %d) was not swept", in.Name, in.Pid)
		}
	}
}

func TestAGuardThatEndsIsADeathAndLeavesNoProcess(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			o := celltest.Options(t)
			c, err := cell.Start(t.Context(), celltest.System(t), o)
			if err != nil {
				t.Fatal(err)
			}
			instances := c.Instances()
			if err := syscall.Kill(guardOf(t, instances[0].Pid), signal); err != nil {
				t.Fatal(err)
			}
			for guard := false; !guard; {
				select {
				case d := <-c.Deaths():
					guard = d.Instance == "guard"
				case <-time.After(time.Minute):
					t.Fatal("nobody told of the death")
				}
			}
			for _, in := range instances {
				if celltest.Lives(in.Pid) {
					t.Errorf("%s still runs", in.Name)
				}
			}
			if err := c.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAProcessIsKilledAndStartedAgainWhereItWas(t *testing.T) {
	c := celltest.Start(t, nil)
	p, err := c.Process("store-1")
	if err != nil {
		t.Fatal(err)
	}
	celltest.MustGet(t, c.Public()+"/ask")
	pid, started := p.Pid(), p.Started()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if p.Alive() || celltest.Lives(pid) {
		t.Error("it is still alive when Kill has returned")
	}
	if _, err := celltest.Get(c.Public() + "/ask"); err == nil {
		t.Error("a dead neighbour answered")
	}
	if err := p.Kill(); err == nil {
		t.Error("a dead process was killed again without an error")
	}
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.Pid() == pid || !p.Started().After(started) {
		t.Error("it is not a new life")
	}
	await.NoError(t, func() error { _, err := celltest.Get(c.Public() + "/ask"); return err })
	store := "http://" + c.Instances()[1].Addrs["http"]
	if got, want := celltest.MustGet(t, store+"/boots"), "2"; got != want {
		t.Errorf("got %s boots in its data, want %s: data and address stay", got, want)
	}
	select {
	case d := <-c.Deaths():
		t.Errorf("a kill that was asked for was told as a death: %v", d)
	default:
	}
}

func TestRestartOfALiveProcessKillsItFirst(t *testing.T) {
	c := celltest.Start(t, nil)
	p, err := c.Process("store-1")
	if err != nil {
		t.Fatal(err)
	}
	pid := p.Pid()
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.Pid() == pid || celltest.Lives(pid) {
		t.Error("the old life goes on")
	}
}

func TestAPausedProcessHoldsItsConnectionsAndGoesOn(t *testing.T) {
	c := celltest.Start(t, nil)
	p, err := c.Process("store-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { _, err := celltest.Get(c.Public() + "/ask"); answer <- err }()
	select {
	case err := <-answer:
		t.Fatalf("a paused process answered: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if got := c.Instances()[1].State; got != cell.Paused {
		t.Errorf("got state %s, want %s", got, cell.Paused)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; err != nil {
		t.Errorf("the call that waited failed: %v", err)
	}
}

func TestAPausedProcessIsEndedByStop(t *testing.T) {
	o := celltest.Options(t)
	c, err := cell.Start(t.Context(), celltest.System(t), o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Process("store-1")
	if err != nil {
		t.Fatal(err)
	}
	pid := p.Pid()
	if err := errors.Join(p.Pause(), c.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if celltest.Lives(pid) {
		t.Error("it still runs")
	}
}

func TestAProcessThatEndsByItselfIsADeath(t *testing.T) {
	c := celltest.Start(t, nil)
	_, _ = celltest.Get(c.Public() + "/exit")
	select {
	case d := <-c.Deaths():
		if d.Instance != "shop-1" || d.Exit != "exit status 3" {
			t.Errorf("got %+v, want shop-1 with exit status 3", d)
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody told of the death")
	}
	if got := c.Instances()[0].State; got != cell.Dead {
		t.Errorf("got state %s, want %s", got, cell.Dead)
	}
}

func TestCellsSideBySideShareNoPort(t *testing.T) {
	seen := map[string]string{}
	for i := range 2 {
		c := celltest.Start(t, nil)
		for _, in := range c.Instances() {
			for _, addr := range in.Addrs {
				if other := seen[addr]; other != "" {
					t.Errorf("%s and cell %d share %s", other, i, addr)
				}
				if _, _, err := net.SplitHostPort(addr); err != nil {
					t.Error(err)
				}
				seen[addr] = fmt.Sprintf("cell %d", i)
			}
		}
	}
}

func TestATemporaryFolderIsItsGuardsOnceACellHasIt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	work, err := cell.NewTemp("work-")
	if err != nil {
		t.Fatal(err)
	}
	c := celltest.Start(t, func(o *cell.Options) { o.Dir, o.Temporary = work.Dir, work })
	records := func() []string {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(os.TempDir(), "stormglass-*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := records(); len(found) != 1 {
		t.Errorf("while it runs: got records %v, want the guard's alone", found)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(work.Dir); !errors.Is(err, fs.ErrNotExist) || len(records()) > 0 {
		t.Errorf("afterwards: got %v and records %v, want no folder and none", err, records())
	}
	if err := work.Remove(); err != nil {
		t.Errorf("remove what has gone: %v", err)
	}
}
