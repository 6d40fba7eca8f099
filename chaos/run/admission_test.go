package run

import (
	"errors"
	"testing"
	"time"

	"stormglass/chaos/strain"
)

// machine is an admission on a machine whose load a test sets.
func machine(limit int, load *strain.Load) *admission {
	return newAdmission(limit, func(time.Duration) (strain.Load, bool) { return *load, load.Measured || load.Late > 0 })
}

// running is a slot that has been under load for long enough.
func running(t *testing.T, a *admission) *slot {
	t.Helper()
	s := &slot{of: a, watch: &strain.Watch{}}
	if !a.admit(s) {
		t.Fatal("there was no room")
	}
	s.loaded = time.Now().Add(-2 * settleFor)
	return s
}

func TestTheFirstCellRunsOnHoweverBusyAMachine(t *testing.T) {
	a := machine(4, &strain.Load{Measured: true, Cores: 2, Outside: 2})
	if !a.admit(&slot{of: a}) {
		t.Error("nothing would ever run here")
	}
}

func TestAnotherCellStartsOnlyWhereThereIsRoomForIt(t *testing.T) {
	quiet := strain.Load{Measured: true, Cores: 2, Cells: 0.6, Harness: 0.2, Idle: 1.2}
	for name, c := range map[string]struct {
		change func(a *admission, first *slot, load *strain.Load, next *slot)
		want   bool
	}{
		"on a quiet machine":                   {func(*admission, *slot, *strain.Load, *slot) {}, true},
		"when others take the processors":      {func(_ *admission, _ *slot, l *strain.Load, _ *slot) { l.Idle, l.Outside = 0.5, 0.7 }, false},
		"when the first is still booting":      {func(_ *admission, first *slot, _ *strain.Load, _ *slot) { first.loaded = time.Time{} }, false},
		"when the first has just got its load": {func(_ *admission, first *slot, _ *strain.Load, _ *slot) { first.loaded = time.Now() }, false},
		"beside one that must be alone":        {func(_ *admission, first *slot, _ *strain.Load, _ *slot) { first.alone = true }, false},
		"that must be alone itself":            {func(_ *admission, _ *slot, _ *strain.Load, next *slot) { next.alone = true }, false},
		"beyond the limit":                     {func(a *admission, _ *slot, _ *strain.Load, _ *slot) { a.limit = 1 }, false},
		"that is heavy, with room for one":     {func(_ *admission, _ *slot, l *strain.Load, next *slot) { next.heavy, l.Idle = true, 1.0 }, false},
		"that is heavy, with more room":        {func(_ *admission, _ *slot, l *strain.Load, next *slot) { next.heavy, l.Idle = true, 1.4 }, true},
		"where nobody tells, and on time":      {func(_ *admission, _ *slot, l *strain.Load, _ *slot) { *l = strain.Load{Late: time.Millisecond} }, true},
		"where nobody tells, and late":         {func(_ *admission, _ *slot, l *strain.Load, _ *slot) { *l = strain.Load{Late: time.Second} }, false},
	} {
		load := quiet
		a := machine(4, &load)
		first, next := running(t, a), &slot{of: a}
		c.change(a, first, &load, next)
		if got := a.admit(next); got != c.want {
			t.Errorf("another cell %s: got %v, want %v (calibrated to %+v)", name, got, c.want, a.calibration)
		}
	}
}

func TestTheFirstCellCalibrates(t *testing.T) {
	load := strain.Load{Measured: true, Cores: 2, Cells: 0.6, Harness: 0.2, Idle: 1.2}
	a := machine(4, &load)
	running(t, a)
	a.room(&slot{of: a})
	if want := (Calibration{Cell: 0.6, Harness: 0.2, Idle: 1.2}); a.calibration != want {
		t.Errorf("got %+v, want %+v", a.calibration, want)
	}
	load.Cells, load.Idle = 1.2, 0.7 // with two of them
	running2 := &slot{of: a}
	if a.admit(running2) {
		t.Errorf("another started where %v were idle and %v are needed", load.Idle, a.calibration.Total())
	}
	if a.calibration.Cell != 0.6 {
		t.Errorf("got %+v, want the first cell's figures kept", a.calibration)
	}
}

func TestASlotThatIsReleasedMakesRoom(t *testing.T) {
	load := strain.Load{Measured: true, Cores: 2, Outside: 2}
	a := machine(4, &load)
	first := running(t, a)
	if a.admit(&slot{of: a}) {
		t.Fatal("another started on a machine without room")
	}
	first.release()
	first.release()
	if !a.admit(&slot{of: a}) {
		t.Error("no other could start though nothing runs")
	}
	if n := len(a.occupancy); n != 3 || a.occupancy[1].Cells != 0 || a.occupancy[2].Cells != 1 {
		t.Errorf("got %+v, want one cell, none, and one", a.occupancy)
	}
}

func TestCellsYieldOnlyWhenSeveralRun(t *testing.T) {
	load := strain.Load{Measured: true, Cores: 2, Cells: 0.6, Harness: 0.2, Idle: 1.2}
	a := machine(4, &load)
	first, yielded := running(t, a), 0
	if err := first.onYield(func() error { yielded++; return nil }); err != nil || yielded != 0 || first.yields() {
		t.Fatalf("the first cell yields with nobody beside it: %d, %v", yielded, err)
	}
	second := running(t, a)
	if yielded != 1 || !second.yields() {
		t.Errorf("got %d calls and %v, want the first to have yielded once and the second to begin so", yielded, second.yields())
	}
	broken := errors.New("the guard is gone")
	if err := second.onYield(func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the guard's error: a cell that yields from its start must", err)
	}
}
