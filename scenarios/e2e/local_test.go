package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stormglass/internal/await"
	"stormglass/system/platform/backendtest"
)

// local is the tier with PostgreSQL, RabbitMQ and Redis.
const local = "local"

func TestTheShopSellsOnRealBackendsAndAgainWhenTheyComeBack(t *testing.T) {
	backendtest.Programs(t)
	t.Parallel()
	s := openIn(t, local, nil)
	buys := func() {
		t.Helper()
		c := s.customer("Ada")
		c.fill(lamp, 1)
		c.await(c.place(c.basket(goodCard)).ID, "shipped")
	}
	buys()
	time.Sleep(backendtest.Ripening)
	for _, backend := range []string{"broker-1", "databases-1", "cache-1"} {
		p := s.process(backend)
		if err := errors.Join(p.Kill(), p.Restart(t.Context())); err != nil {
			t.Fatal(err)
		}
		for _, in := range s.services() {
			s.becomes(in.Name, "well", well)
		}
		buys()
	}
	s.settle()
}

// TestNothingOutlivesTheHarnessOnRealBackends ends it while the servers are being prepared, start, and serve.
func TestNothingOutlivesTheHarnessOnRealBackends(t *testing.T) {
	backendtest.Programs(t)
	dark := filepath.Join("scenarios", "broker-killed.yaml")
	for _, c := range []struct {
		signal syscall.Signal
		after  string
		later  time.Duration
	}{
		{syscall.SIGKILL, "boot", 300 * time.Millisecond},
		{syscall.SIGKILL, "steady", time.Second},
		{syscall.SIGINT, "kill on broker", 500 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("%s %q %s", c.signal, c.after, c.later), func(t *testing.T) {
			before := sharedMemory(t)
			h := stormglass(t, "run", "--tier", local, dark)
			h.await(c.after)
			time.Sleep(c.later) // the moment is the case
			if h.serverLeft() == nil {
				t.Error("no process is found while it runs, so none would be found afterwards")
			}
			if err := h.cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			<-h.ended
			await.NoError(t, func() error { return errors.Join(h.left(), h.serverLeft()) })
			for id := range sharedMemory(t) {
				if !before[id] {
					t.Errorf("shared memory %s is left", id)
				}
			}
		})
	}
}

// serverLeft says which process of a server of the harness is there. Some show nothing of it in their arguments, but all
// have inherited its folder for temporary files.
func (h *harness) serverLeft() error {
	list, err := exec.Command("ps", "axeww", "-o", "pid,stat,args").Output()
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		if strings.Contains(line, "TMPDIR="+h.temp) && !strings.Contains(line, "<defunct>") {
			return fmt.Errorf("process %.200s", strings.TrimSpace(line))
		}
	}
	return nil
}

// sharedMemory lists the pieces of System V's shared memory that nobody is attached to, by number, where the kernel tells.
func sharedMemory(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	table, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		return found
	}
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 6 && fields[6] == "0" {
			found[fields[1]] = true
		}
	}
	return found
}
