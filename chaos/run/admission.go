package run

import (
	"context"
	"slices"
	"sync"
	"time"

	"stormglass/chaos/strain"
)

const (
	// askEvery is the time between two looks whether there is room for another cell.
	askEvery = strain.Every
	// lookBack is the stretch over which the machine's headroom is measured.
	lookBack = time.Second
	// settleFor is how long a cell must have been under load before another may start: until then the headroom is not yet
	// without what it needs.
	settleFor = 1500 * time.Millisecond
	// heavyCost is what a heavy scenario takes, in ordinary cells.
	heavyCost = 1.6
	// slowdownAtMost is how much a cell that runs may be slowed down by others for one more to start: half of what strains it.
	slowdownAtMost = 4
	// lateAtMost is how late the harness's own timers may be for another cell to start where the system tells no idle time.
	lateAtMost = 20 * time.Millisecond
)

// admission decides how many cells run at once: not a constant but the machine's headroom. The first cell runs alone and shows
// what a cell of this suite costs here; another starts only while so much of the processors is idle, no other boots, and the
// limit is not reached. One may always run.
type admission struct {
	limit int
	over  func(time.Duration) (strain.Load, bool) // the machine's load lately, see strain.Meter.Over

	mu          sync.Mutex
	slots       []*slot
	calibration Calibration
	occupancy   []Occupancy
}

// Calibration is what the first cell of a suite cost on this machine, in processors, over its first moments under load.
type Calibration struct {
	Cell    float64 `json:"cell"`    // its processes, and what others took from them
	Harness float64 `json:"harness"` // the load on it, its proxies, scrapes and traces
	Idle    float64 `json:"idle"`    // that nobody used meanwhile
	Outside float64 `json:"outside"` // that other programs, other machines or a quota took meanwhile
}

// Total is what one more cell is taken to need.
func (c Calibration) Total() float64 { return c.Cell + c.Harness }

// Occupancy says how many cells ran from a moment on, and why it changed.
type Occupancy struct {
	At      time.Time `json:"at"`
	Cells   int       `json:"cells"`
	Idle    float64   `json:"idle"`    // processors, over the second before
	Outside float64   `json:"outside"` // processors, over the second before
}

// slot is one scenario's permission to run.
type slot struct {
	of     *admission
	alone  bool
	heavy  bool
	watch  *strain.Watch
	loaded time.Time // when its load began; zero while it boots
	beside bool      // another cell runs, or has run, beside it
	yield  func() error
	once   sync.Once
}

func newAdmission(limit int, over func(time.Duration) (strain.Load, bool)) *admission {
	return &admission{limit: max(1, limit), over: over}
}

// enter waits until there is room for a scenario.
func (a *admission) enter(ctx context.Context, s *slot) error {
	s.of = a
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for !a.admit(s) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// admit takes a slot if there is room.
func (a *admission) admit(s *slot) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.slots) > 0 && !a.room(s) {
		return false
	}
	for _, other := range a.slots {
		s.beside = true
		if !other.beside && other.yield != nil {
			_ = other.yield() // a guard that cannot do it is gone, which its own run will say
		}
		other.beside = true
	}
	a.slots = append(a.slots, s)
	a.note()
	return true
}

// yields says whether the slot's cell has to share the harness with others from its start.
func (s *slot) yields() bool {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	return s.beside
}

// onYield says how the slot's cell yields once another runs beside it. One that runs already was told by yields, or has come
// since.
func (s *slot) onYield(yield func() error) error {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.yield = yield
	if s.beside {
		return yield()
	}
	return nil
}

// room says whether one more cell fits beside those that run.
func (a *admission) room(s *slot) bool {
	if s.alone || len(a.slots) >= a.limit {
		return false
	}
	for _, other := range a.slots {
		if other.alone || other.loaded.IsZero() || time.Since(other.loaded) < settleFor {
			return false
		}
	}
	load, known := a.over(lookBack)
	if !known || !a.calibrated(load) || a.delayed(load.End) {
		return false
	}
	if !load.Measured {
		return load.Late <= lateAtMost
	}
	need := a.calibration.Total()
	if s.heavy {
		need *= heavyCost
	}
	return load.Idle >= need
}

// delayed says whether a cell that runs waits for others already.
func (a *admission) delayed(now time.Time) bool {
	for _, s := range a.slots {
		if s.watch != nil && strain.In(s.watch.Samples(), now.Add(-lookBack), now, 0).Worst.Slowdown > slowdownAtMost {
			return true
		}
	}
	return false
}

// calibrated takes the first cell's cost once it has been under load for long enough.
func (a *admission) calibrated(load strain.Load) bool {
	if a.calibration.Total() > 0 || !load.Measured {
		return true
	}
	first := a.slots[0]
	if len(a.slots) > 1 || first.watch == nil {
		return false
	}
	taken := strain.In(first.watch.Samples(), load.End.Add(-lookBack), load.End, 0).Taken
	outside := (taken.Total() - taken.Harness) / float64(lookBack.Milliseconds())
	a.calibration = Calibration{Cell: load.Cells + outside, Harness: load.Harness, Idle: load.Idle, Outside: load.Outside}
	return a.calibration.Total() > 0
}

// watched says who samples the slot's cell.
func (s *slot) watched(w *strain.Watch) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.watch = w
}

// underLoad notes that a slot's load has begun.
func (s *slot) underLoad() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.loaded = time.Now()
}

// release gives the slot back; more than once is as good as once.
func (s *slot) release() {
	s.once.Do(func() {
		s.of.mu.Lock()
		defer s.of.mu.Unlock()
		s.of.slots = slices.DeleteFunc(s.of.slots, func(x *slot) bool { return x == s })
		s.of.note()
	})
}

// note keeps how many cells run from now on.
func (a *admission) note() {
	load, _ := a.over(lookBack)
	a.occupancy = append(a.occupancy, Occupancy{At: time.Now().Round(0), Cells: len(a.slots), Idle: load.Idle, Outside: load.Outside})
}
