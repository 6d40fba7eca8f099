package cell_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
)

func TestProcessesOfACellHaveItsTimerSlack(t *testing.T) {
	c := celltest.Start(t, nil)
	for _, i := range c.Instances() {
		got, err := os.ReadFile(fmt.Sprintf("/proc/%d/timerslack_ns", i.Pid))
		if err != nil {
			t.Fatal(err)
		}
		if want := "1000000"; strings.TrimSpace(string(got)) != want {
			t.Errorf("%s: got a timer slack of %s ns, want %s", i.Name, strings.TrimSpace(string(got)), want)
		}
	}
}

func TestACellHasTheUsualPriorityUntilItYields(t *testing.T) {
	own := niceness(t, 0)
	c := celltest.Start(t, nil)
	expectNiceness(t, c, own, "nice 0")
	if err := c.Yield(); err != nil {
		t.Fatal(err)
	}
	expectNiceness(t, c, max(own, 5), "nice 5")
	p, err := c.Process(c.Instances()[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectNiceness(t, c, max(own, 5), "nice 5")
}

// expectNiceness looks at every process of a cell, and at the session that they share, where Linux has sessions with a niceness.
func expectNiceness(t *testing.T, c *cell.Cell, want int, session string) {
	t.Helper()
	for _, i := range c.Instances() {
		if got := niceness(t, i.Pid); got != want {
			t.Errorf("%s: got niceness %d, want %d", i.Name, got, want)
		}
		group, err := os.ReadFile(fmt.Sprintf("/proc/%d/autogroup", i.Pid))
		if err == nil && !strings.HasSuffix(strings.TrimSpace(string(group)), session) {
			t.Errorf("%s: its session is %q, want it to have %s", i.Name, group, session)
		}
	}
}

// niceness is that of a process, or of this one for 0.
func niceness(t *testing.T, pid int) int {
	t.Helper()
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, pid)
	if err != nil {
		t.Fatal(err)
	}
	return 20 - raw
}
