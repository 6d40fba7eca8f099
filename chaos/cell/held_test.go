package cell_test

import (
	"fmt"
	"net"
	"strconv"
	"syscall"
	"testing"

	"stormglass/internal/await"
)

// A guard that has lost its harness needs a moment to kill its processes. Until then no other harness may take their ports.
func TestABlockOfPortsStaysTakenUntilTheGuardIsGone(t *testing.T) {
	harness, instances := startHarness(t, t.TempDir())
	guard := guardOf(t, instances[0].Pid)
	_, text, err := net.SplitHostPort(instances[0].Addrs["http"])
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	block := fmt.Sprintf("127.0.0.1:%d", port/100*100) // whose first port stands for all of it
	listen := func() error {
		l, err := net.Listen("tcp", block)
		if err != nil {
			return err
		}
		return l.Close()
	}
	if err := syscall.Kill(guard, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := harness.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, harness.Process.Pid)
	if listen() == nil {
		t.Errorf("the block at %s is free while its guard lives", block)
	}
	if err := syscall.Kill(guard, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, guard, instances[0].Pid, instances[1].Pid)
	await.NoError(t, listen)
}
