package fault_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/chaos/fault"
	"stormglass/chaos/load"
)

// pacing makes visits that take their time and do nothing else.
type pacing time.Duration

func (pacing) Prepare(context.Context, load.Target) error { return nil }

func (p pacing) Visit(context.Context, *load.Visit) { time.Sleep(time.Duration(p)) }

// sending begins visits that the test ends.
func sending(t *testing.T, o load.Options) *load.Generator {
	o.Recorder = load.NewRecorder(io.Discard)
	g := load.Start(t.Context(), o)
	t.Cleanup(func() { g.Stop(t.Context()) })
	return g
}

// probing injects a probe whose system accepted 40 operations in whatever stretch is asked for, and undoes it after a while.
func probing(t *testing.T, most int, lasts time.Duration) (d fault.Dose, found []float64, from, to time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var sent *load.Generator
		f := fault.NewProbe(fault.Spec{Do: fault.ProbeName, Shoppers: "buyer", Visits: most, For: 3 * time.Second}, fault.ProbeTools{
			Start: func() *load.Generator {
				sent = load.Start(t.Context(), load.Options{Closed: fault.ProbeVisits, Visits: most, Shopper: pacing(100 * time.Millisecond), Recorder: load.NewRecorder(io.Discard)})
				return sent
			},
			Accepted: func(a, b time.Time) int { from, to = a.Sub(begin), b.Sub(begin); return 40 },
			Found:    func(rate float64) { found = append(found, rate) },
		})
		if err := f.Inject(t.Context()); err != nil || !closed(f.Done()) {
			t.Fatalf("got error %v, begun %v", err, closed(f.Done()))
		}
		time.Sleep(lasts)
		undo(t, f)
		undo(t, f) // a second time changes nothing
		sent.Stop(t.Context())
		d = f.Dose()
	})
	return d, found, from, to
}

func TestAProbeMeasuresOnceQueuesHaveFilled(t *testing.T) {
	d, found, from, to := probing(t, 500, 3*time.Second)
	if from != time.Second || to != 3*time.Second {
		t.Errorf("counted from %v to %v, want the last two of three seconds", from, to)
	}
	if len(found) != 1 || found[0] != 20 || d.Measures["accepted_per_second"] != 20 {
		t.Errorf("found %v, measured %v, want 20 a second, once", found, d.Measures)
	}
	wantHit(t, d, true)
	if !strings.Contains(d.Why, "20.0 operations a second") {
		t.Errorf("got %q, want the figure", d.Why)
	}
}

func TestAProbeThatIsBrokenOffFindsNothingAndSaysSo(t *testing.T) {
	d, found, _, _ := probing(t, 500, 900*time.Millisecond)
	if len(found) != 1 || found[0] != 0 {
		t.Errorf("found %v, want 0, so that nobody waits for more", found)
	}
	wantHit(t, d, false)
}

func TestAProbeThatRanOutOfVisitsHasNotFoundTheCapacity(t *testing.T) {
	d, _, _, _ := probing(t, 20, 3*time.Second)
	wantHit(t, d, false)
	if !strings.Contains(d.Why, "raise visits") {
		t.Errorf("got %q, want what to do", d.Why)
	}
}

func TestALoadSpikeIsAMultipleOfACapacity(t *testing.T) {
	for name, c := range map[string]struct {
		capacity fault.Capacity
		most     int
		started  int
		hit      bool
		asked    string
		why      string
	}{
		"measured":           {fault.Capacity{PerSecond: 10}, 500, 80, true, "a crowd of 80, in 2s: 4 times the capacity of 10.0/s (measured)", "80 of 80 came"},
		"given":              {fault.Capacity{PerSecond: 10, Given: true}, 500, 80, true, "(given)", "80 of 80 came"},
		"a part of a visit":  {fault.Capacity{PerSecond: 0.2}, 500, 2, true, "a crowd of 2", "2 of 2 came"},
		"more than are here": {fault.Capacity{PerSecond: 10}, 50, 50, true, "a crowd of 80", "50 of 50 came; there were visitors for no more of the 80 asked for"},
		"nothing found":      {fault.Capacity{}, 500, 0, false, "a crowd of 0", "no capacity was found before it"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spec := fault.Spec{Do: fault.CrowdName, Shoppers: "buyer", Visits: c.most, Capacity: times(4), For: 2 * time.Second}
				f := fault.NewCrowd(spec, fault.CrowdTools{
					Start: func(visits int) *load.Generator {
						return sending(t, load.Options{Visits: visits, Rate: load.Rate(float64(visits) / 2), Shopper: pacing(0)})
					},
					Capacity: func(context.Context) (fault.Capacity, error) { return c.capacity, nil },
				})
				if err := f.Inject(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(spec.For)
				undo(t, f)
				d := f.Dose()
				wantHit(t, d, c.hit)
				if d.Measures["visits_started"] != float64(c.started) || d.Measures["capacity_per_second"] != c.capacity.PerSecond {
					t.Errorf("measured %v, want %d visits started at %v a second", d.Measures, c.started, c.capacity.PerSecond)
				}
				if !strings.Contains(d.Asked, c.asked) || !strings.Contains(d.Why, c.why) {
					t.Errorf("got %q because %q, want %q and %q", d.Asked, d.Why, c.asked, c.why)
				}
			})
		})
	}
}

func TestALoadSpikeWhoseCapacityNeverComesFails(t *testing.T) {
	never := errors.New("interrupted")
	f := fault.NewCrowd(fault.Spec{Do: fault.CrowdName, Shoppers: "buyer", Visits: 9, Capacity: times(4), For: time.Second}, fault.CrowdTools{
		Capacity: func(context.Context) (fault.Capacity, error) { return fault.Capacity{}, never },
	})
	if err := f.Inject(t.Context()); !errors.Is(err, never) {
		t.Errorf("got %v, want %v", err, never)
	}
	undo(t, f)
	wantHit(t, f.Dose(), false)
}
