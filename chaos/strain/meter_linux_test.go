package strain_test

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"stormglass/chaos/strain"
	"stormglass/internal/await"
)

// busy starts a program that always has something to do, until the test ends.
func busy(t *testing.T) int {
	t.Helper()
	loop := exec.Command("/bin/sh", "-c", "while :; do :; done")
	if err := loop.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = loop.Process.Kill()
		_ = loop.Wait()
	})
	return loop.Process.Pid
}

// sum adds up the samples of a watch once there are some.
func sum(t *testing.T, w *strain.Watch, enough func(strain.Sample) bool) (total strain.Sample) {
	t.Helper()
	await.True(t, "samples that say so", func() bool {
		total = strain.Sample{}
		for _, s := range w.Samples() {
			total.Length += s.Length
			total.Cell += s.Cell
			total.Programs += s.Programs
			total.Waited += s.Waited
		}
		return enough(total)
	})
	return total
}

func TestACellsOwnProcessesAreToldFromOtherPrograms(t *testing.T) {
	meter := strain.Start()
	defer meter.Stop()
	own, other := meter.Watch(), meter.Watch()
	defer own.Stop()
	defer other.Stop()
	pid := busy(t)
	own.Root(pid)
	mine := sum(t, own, func(s strain.Sample) bool { return s.Cell > 200 })
	theirs := sum(t, other, func(s strain.Sample) bool { return s.Length >= mine.Length })
	if theirs.Cell != 0 {
		t.Errorf("a cell without processes: got %v ms of processor time, want none", theirs.Cell)
	}
}

func TestChildrenBelongToTheCell(t *testing.T) {
	meter := strain.Start()
	defer meter.Stop()
	w := meter.Watch()
	defer w.Stop()
	parent := exec.Command("/bin/sh", "-c", `while :; do :; done & child=$!; trap 'kill $child' TERM; wait`)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = parent.Process.Signal(syscall.SIGTERM)
		_ = parent.Wait()
	}()
	w.Root(parent.Process.Pid)
	sum(t, w, func(s strain.Sample) bool { return s.Cell > 200 })
}

func TestTheMachinesLoadIsKnownAfterAWhile(t *testing.T) {
	meter := strain.Start()
	defer meter.Stop()
	busy(t)
	await.True(t, "a second of load in which somebody else worked", func() bool {
		load, known := meter.Over(time.Second)
		return known && load.Measured && load.Cores >= 1 && load.Outside > 0.1 && load.Idle <= load.Cores
	})
}
