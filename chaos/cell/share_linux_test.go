package cell_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

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

func TestProcessesOfACellHaveTheUsualPriority(t *testing.T) {
	own := niceness(t, 0)
	c := celltest.Start(t, nil)
	for _, i := range c.Instances() {
		if got := niceness(t, i.Pid); got != own {
			t.Errorf("%s: got niceness %d, want the harness's own, %d", i.Name, got, own)
		}
		group, err := os.ReadFile(fmt.Sprintf("/proc/%d/autogroup", i.Pid))
		if err == nil && !strings.HasSuffix(strings.TrimSpace(string(group)), "nice 0") { // not every Linux has them
			t.Errorf("%s: its session is %q, want it to have niceness 0", i.Name, group)
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
