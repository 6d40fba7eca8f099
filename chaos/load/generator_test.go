package load

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a shopper whose every visit takes a fixed time.
type slow struct {
	takes time.Duration

	mu   sync.Mutex
	rand map[int]uint64
}

func (s *slow) Prepare(context.Context, Target) error { return nil }

func (s *slow) Visit(ctx context.Context, v *Visit) {
	s.mu.Lock()
	if s.rand == nil {
		s.rand = map[int]uint64{}
	}
	s.rand[v.Number] = v.Rand.Uint64()
	s.mu.Unlock()
	v.Do(ctx, "look", func(ctx context.Context, op *Operation) error {
		select {
		case <-time.After(s.takes):
			op.Status = 200
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func TestVisitsStartOnScheduleThoughEarlierOnesAreStillOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var file bytes.Buffer
		recorder := NewRecorder(&file)
		begin := time.Now()
		g := Start(t.Context(), Options{Shopper: &slow{takes: 4 * time.Second}, Rate: 10, Seed: 1, Recorder: recorder})
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got, want := g.Stats().Visits, 30; got != want {
			t.Errorf("visits started in 3 s at 10/s: got %d, want %d", got, want)
		}
		g.Stop(t.Context())
		if got := g.Stats(); got.Visits != 30 || got.Dropped != 0 || got.MaxLag != 0 {
			t.Errorf("stats: got %+v, want 30 visits on time and none dropped", got)
		}
		if got, want := len(recorder.History()), 30; got != want {
			t.Fatalf("operations: got %d, want %d", got, want)
		}
		for _, op := range recorder.History() {
			if op.Outcome != OK || op.Latency() != 4*time.Second || op.Intended.Before(begin) {
				t.Fatalf("operation: got %+v, want ok after 4 s", op)
			}
		}
		if got, want := bytes.Count(file.Bytes(), []byte("\n")), 30; got != want {
			t.Errorf("lines of history: got %d, want %d", got, want)
		}
	})
}

func TestWhatALimitRefusesIsCountedAsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := Start(t.Context(), Options{Shopper: &slow{takes: time.Hour}, Rate: 10, Open: 5, Recorder: NewRecorder(&bytes.Buffer{})})
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		g.Stop(ctx)
		if got := g.Stats(); got.Visits != 5 || got.Dropped != 15 {
			t.Errorf("stats: got %+v, want 5 visits and 15 dropped", got)
		}
	})
}

func TestAVisitThatIsCutWhenTheRunGivesUpIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := NewRecorder(&bytes.Buffer{})
		g := Start(t.Context(), Options{Shopper: &slow{takes: time.Hour}, Rate: 1, Timeout: time.Hour, Recorder: recorder})
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		g.Stop(ctx)
		if got := recorder.History(); len(got) != 1 || got[0].Outcome != Unknown {
			t.Errorf("history: got %+v, want one unknown operation", got)
		}
	})
}

func TestTheSeedAloneDecidesArrivalsAndVisits(t *testing.T) {
	rerun := func(seed uint64) (intended []time.Duration, draws map[int]uint64) {
		synctest.Test(t, func(t *testing.T) {
			recorder, shopper, begin := NewRecorder(&bytes.Buffer{}), &slow{}, time.Now()
			g := Start(t.Context(), Options{Shopper: shopper, Rate: 50, Seed: seed, Recorder: recorder})
			time.Sleep(2 * time.Second)
			g.Stop(t.Context())
			for _, op := range recorder.History() {
				intended = append(intended, op.Intended.Sub(begin))
			}
			draws = shopper.rand
		})
		slices.Sort(intended)
		return intended, draws
	}
	first, draws := rerun(7)
	again, drawsAgain := rerun(7)
	other, drawsOther := rerun(8)
	if !slices.Equal(first, again) || draws[3] != drawsAgain[3] {
		t.Error("two runs with one seed differ")
	}
	if slices.Equal(first, other) || draws[3] == drawsOther[3] {
		t.Error("two runs with different seeds are the same")
	}
}

func TestArrivalsKeepTheirRateAndUseTheirWholeSlot(t *testing.T) {
	var early, late int
	for n := 1; n <= 1000; n++ {
		at := arrival(42, 20, n)
		slot := time.Duration(n-1) * 50 * time.Millisecond
		if at < slot || at >= slot+50*time.Millisecond {
			t.Fatalf("arrival %d: got %v, want it within 50 ms of %v", n, at, slot)
		}
		if at-slot < 25*time.Millisecond {
			early++
		} else {
			late++
		}
	}
	if early < 400 || late < 400 {
		t.Errorf("arrivals in the first and second half of their slots: got %d and %d, want about 500 each", early, late)
	}
}

func TestRecorderIsSafeForManyVisitors(t *testing.T) {
	var file bytes.Buffer
	recorder := NewRecorder(&file)
	var visitors sync.WaitGroup
	for n := range 20 {
		visitors.Go(func() {
			v := &Visit{Number: n, timeout: time.Second, recorder: recorder}
			for range 50 {
				v.Do(t.Context(), "look", func(_ context.Context, op *Operation) error { op.Set("n", "1"); return nil })
				recorder.History()
			}
		})
	}
	visitors.Wait()
	decoder := json.NewDecoder(&file)
	for i, want := range recorder.History() {
		var got Operation
		if err := decoder.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.Seq != i+1 || want.Seq != i+1 {
			t.Fatalf("line %d: got seq %d in the file and %d in memory", i+1, got.Seq, want.Seq)
		}
	}
	if got, want := len(recorder.History()), 1000; got != want {
		t.Errorf("operations: got %d, want %d", got, want)
	}
}

func TestVisitsEndAfterTheirNumberAndCountFromWhereTheyAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := NewRecorder(&bytes.Buffer{})
		g := Start(t.Context(), Options{Shopper: &slow{takes: 5 * time.Second}, Rate: 100, Visits: 7, After: 50, Seed: 1, Recorder: recorder})
		time.Sleep(time.Second)
		synctest.Wait()
		g.Halt()
		if got, want := g.Stats().Visits, 7; got != want {
			t.Errorf("visits: got %d, want %d", got, want)
		}
		if n := len(recorder.History()); n != 0 {
			t.Errorf("%d operations have ended: halting must leave open visits alone", n)
		}
		g.Stop(t.Context())
		var numbers []int
		for _, op := range recorder.History() {
			numbers = append(numbers, op.Visit)
		}
		slices.Sort(numbers)
		if want := []int{51, 52, 53, 54, 55, 56, 57}; !slices.Equal(numbers, want) {
			t.Errorf("visits: got %v, want %v", numbers, want)
		}
	})
}
