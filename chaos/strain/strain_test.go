package strain_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/strain"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// second is ten slices that are all like one.
func second(from time.Time, like strain.Sample) (out []strain.Sample) {
	for i := range 10 {
		s := like
		s.Length = 100
		s.End = from.Add(time.Duration(i+1) * strain.Every)
		out = append(out, s)
	}
	return out
}

func near(got, want float64) bool { return math.Abs(got-want) < 0.01 }

func TestWaitingForEachOtherIsNoStrain(t *testing.T) {
	// A service of the system's own spins: its neighbours wait, and nobody else has the processors.
	own := strain.Sample{Length: 100, Cell: 190, Waited: 400, Harness: 10}
	if got := own.Taken().Total(); !near(got, 10) {
		t.Errorf("got %v ms taken, want no more than the 10 that the harness had", got)
	}
	if got := own.Delayed() / own.Cell; got > 0.2 {
		t.Errorf("got a slowdown of %v, want next to none", got)
	}
	alone := strain.Sample{Length: 100, Cell: 200, Waited: 400}
	if got := alone.Taken().Total() + alone.Delayed(); got != 0 {
		t.Errorf("with nobody beside it: got %v, want 0", got)
	}
}

func TestWhatOthersTakeIsNamedByWhoHasIt(t *testing.T) {
	s := strain.Sample{Length: 100, Cell: 50, Waited: 300, Programs: 90, Steal: 30, Harness: 20, Cells: 10}
	got := s.Taken()
	if !near(got.Programs, 90) || !near(got.Steal, 30) || !near(got.Harness, 20) || !near(got.Cells, 10) {
		t.Errorf("the cell waited for longer than others had: got %+v, want all that they had", got)
	}
	s.Waited = 100 // half of 200 ms of processors
	if got := s.Taken(); !near(got.Programs, 45) || !near(got.Total(), 75) {
		t.Errorf("got %+v, want half of what they had", got)
	}
	if got := (strain.Sample{Length: 100, Quota: 40}).Taken(); !near(got.Quota, 40) || !near(got.Total(), 40) {
		t.Errorf("a quota: got %+v, want what it withheld", got)
	}
}

func TestABurstCountsHoweverLongTheWindowAroundIt(t *testing.T) {
	calm := strain.Sample{Cell: 50, Waited: 5, Harness: 10}
	busy := strain.Sample{Cell: 10, Waited: 500, Programs: 180}
	var samples []strain.Sample
	for i := range 20 {
		like := calm
		if i == 10 {
			like = busy
		}
		samples = append(samples, second(noon.Add(time.Duration(i)*time.Second), like)...)
	}
	bounds := strain.Bounds{Delayed: 0.5, Slowdown: 8, Late: time.Second}
	whole := strain.In(samples, noon, noon.Add(20*time.Second), bounds.Delayed)
	if !whole.Strained(bounds) || !near(whole.Worst.Slowdown, 500*180/190.0/10) {
		t.Errorf("got %+v, want the burst's own slowdown, beyond the bound", whole)
	}
	before := strain.In(samples, noon, noon.Add(9*time.Second), bounds.Delayed)
	if before.Strained(bounds) {
		t.Errorf("before the burst: got %+v, want no strain", before)
	}
	if !strings.Contains(whole.String(), "other programs") {
		t.Errorf("got %q, want it to say who had the processors", whole)
	}
}

func TestALargeSlowdownOfNextToNothingIsNoStrain(t *testing.T) {
	samples := second(noon, strain.Sample{Cell: 0.5, Waited: 10, Programs: 100})
	bounds := strain.Bounds{Delayed: 0.5, Slowdown: 8, Late: time.Second}
	if w := strain.In(samples, noon, noon.Add(time.Second), bounds.Delayed); w.Strained(bounds) {
		t.Errorf("got %+v, want no strain: 100 ms were delayed in a second", w)
	}
}

func TestAHarnessThatIsLateIsStrain(t *testing.T) {
	samples := second(noon, strain.Sample{Cell: 50})
	samples[4].Arrivals = 300
	bounds := strain.Bounds{Delayed: 0.5, Slowdown: 8, Late: 150 * time.Millisecond}
	if w := strain.In(samples, noon, noon.Add(time.Second), bounds.Delayed); !w.Strained(bounds) || w.Late != 300*time.Millisecond {
		t.Errorf("got %+v, want it strained by 300 ms of lateness", w)
	}
}

func TestASliceThatLiesInAWindowPartlyCountsPartly(t *testing.T) {
	samples := []strain.Sample{{End: noon.Add(10 * time.Second), Length: 10_000, Cell: 1000, Waited: 5000, Programs: 4000}}
	w := strain.In(samples, noon.Add(4*time.Second), noon.Add(6*time.Second), 0)
	if got, want := w.Taken.Programs, 4000*0.24; !near(got, want) { // two seconds, and the margin of 200 ms on both sides
		t.Errorf("got %v ms, want %v", got, want)
	}
}

func TestNoSamplesAreNoStrain(t *testing.T) {
	bounds := strain.Bounds{Delayed: 0.5, Slowdown: 8, Late: time.Second}
	if w := strain.In(nil, noon, noon.Add(time.Second), bounds.Delayed); w.Strained(bounds) {
		t.Errorf("got %+v, want none", w)
	}
}
