package fault_test

import (
	"os"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
	"stormglass/chaos/fault"
)

func TestMain(m *testing.M) {
	celltest.Main()
	os.Exit(m.Run())
}

// inject makes a fault of a spec and injects it; at the end of the test it is undone.
func inject(t *testing.T, c *cell.Cell, s fault.Spec) fault.Fault {
	t.Helper()
	if s.For == 0 {
		s.For = time.Second
	}
	f, err := fault.New(s, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { undo(t, f) })
	if err := f.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

func undo(t *testing.T, f fault.Fault) {
	t.Helper()
	if err := f.Undo(t.Context()); err != nil && t.Context().Err() == nil {
		t.Error(err)
	}
}

// wantHit checks that a dose says that it hit, or did not, and why.
func wantHit(t *testing.T, d fault.Dose, want bool) {
	t.Helper()
	if d.Hit != want || d.Why == "" {
		t.Errorf("got hit %v because %q, want %v; measured %v", d.Hit, d.Why, want, d.Measures)
	}
}

// closed says whether a channel is closed.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
