package run

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/chaos/strain"
)

// machine is an admission on a machine whose load a test sets.
func machine(limit int, load *strain.Load) *admission {
	return newAdmission(limit, func(time.Duration) (strain.Load, bool) { return *load, load.Measured || load.Late > 0 })
}

// running is a slot whose cell has been under load for long enough, and needs 0.6 processors and 0.2 of the harness.
func running(t *testing.T, a *admission) *slot {
	t.Helper()
	return costing(t, a, strain.Sample{Cell: 60, Harness: 20})
}

// costing is a slot whose cell has been under load for long enough; all of its samples are alike.
func costing(t *testing.T, a *admission, sample strain.Sample) *slot {
	t.Helper()
	begin := time.Now().Add(-2 * settleFor)
	s := &slot{of: a, samples: func() (all []strain.Sample) {
		sample.Length = 100
		for sample.End = begin.Add(strain.Every); sample.End.Before(time.Now()); sample.End = sample.End.Add(strain.Every) {
			all = append(all, sample)
		}
		return all
	}}
	if !a.admit(s) {
		t.Fatal("there was no room")
	}
	s.loaded = begin
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

func TestTheFirstCellCalibratesUntilOneHasEnded(t *testing.T) {
	load := strain.Load{Measured: true, Cores: 2, Idle: 1.2}
	a := machine(4, &load)
	first := costing(t, a, strain.Sample{Cell: 90, Harness: 20, Programs: 30})
	a.room(&slot{of: a})
	if got, want := a.calibration, (Calibration{Cell: 0.9, Harness: 0.2, Outside: 0.3}); !near(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	load.Idle = 1
	if a.admit(&slot{of: a}) {
		t.Errorf("another started where 1 was idle and %v are needed", a.calibration.Total())
	}
	first.release()
	second := costing(t, a, strain.Sample{Cell: 50, Harness: 20, Cells: 50, Steal: 10})
	second.release()
	if got, want := a.calibration, (Calibration{Cell: 0.7, Harness: 0.15, Outside: 0.2}); !near(got, want) {
		t.Errorf("got %+v, want the mean of two cells, %+v", got, want)
	}
	heavy := costing(t, a, strain.Sample{Cell: 200})
	heavy.heavy = true
	heavy.release()
	if got := a.calibration.Cell; math.Abs(got-0.7) > 1e-6 {
		t.Errorf("got %v, want ordinary cells alone to count", got)
	}
}

func TestACellCostsNothingWhileItIsIdle(t *testing.T) {
	begin := time.Now()
	s := slot{loaded: begin, samples: func() []strain.Sample {
		return []strain.Sample{{End: begin.Add(100 * time.Millisecond), Length: 100, Cell: 80, Harness: 20}, {End: begin.Add(200 * time.Millisecond), Length: 100}}
	}}
	if got, want := s.cost(begin.Add(time.Second)), (Calibration{Cell: 0.4, Harness: 0.1}); !near(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func near(a, b Calibration) bool {
	return math.Abs(a.Cell-b.Cell)+math.Abs(a.Harness-b.Harness)+math.Abs(a.Outside-b.Outside) < 1e-6
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

func TestHeadroomIsMeasuredWithoutTheCellWhoseLoadHasEnded(t *testing.T) {
	for since, want := range map[time.Duration]time.Duration{
		0: lookBackAtLeast, 700 * time.Millisecond: 700 * time.Millisecond, time.Hour: lookBack,
	} {
		synctest.Test(t, func(t *testing.T) { // where time stands still but for Sleep
			var stretch time.Duration
			a := newAdmission(4, func(s time.Duration) (strain.Load, bool) { stretch = s; return strain.Load{}, false })
			left := running(t, a)
			a.slots = append(a.slots, &slot{of: a, loaded: time.Now().Add(-2 * settleFor)}) // stays
			left.release()
			time.Sleep(since)
			a.room(&slot{of: a})
			if stretch != want {
				t.Errorf("%v after a cell's load ended: the headroom was taken over %v, want %v", since, stretch, want)
			}
		})
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
