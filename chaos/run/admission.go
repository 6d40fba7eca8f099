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
	// lookBack is the stretch over which the machine's headroom is measured, unless a cell's load has ended within it.
	lookBack = time.Second
	// lookBackAtLeast is the shortest stretch that tells the headroom after a cell's load has ended.
	lookBackAtLeast = 400 * time.Millisecond
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
// what a cell of this suite costs here, and each later one makes that more exact; another starts only while so much of the
// processors is idle, no other boots, and the limit is not reached. One may always run.
type admission struct {
	limit int
	over  func(time.Duration) (strain.Load, bool) // the machine's load lately, see strain.Meter.Over

	mu          sync.Mutex
	slots       []*slot
	released    time.Time // when the last slot was
	measured    int       // cells that the calibration is the mean of
	calibration Calibration
	occupancy   []Occupancy
}

// Calibration is what an ordinary cell of a suite costs on this machine while it is under load, in processors: the mean of those
// whose load has ended.
type Calibration struct {
	Cell    float64 `json:"cell"`    // its processes
	Harness float64 `json:"harness"` // the load on it, its proxies, scrapes and traces
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
	of      *admission
	alone   bool
	heavy   bool
	samples func() []strain.Sample // of the cell; none before it is watched
	loaded  time.Time              // when its load began; zero while it boots
	beside  bool                   // another cell runs, or has run, beside it
	yield   func() error
	once    sync.Once
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
	load, known := a.over(min(lookBack, max(lookBackAtLeast, time.Since(a.released))))
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
		if s.samples != nil && strain.In(s.samples(), now.Add(-lookBack), now, 0).Worst.Slowdown > slowdownAtMost {
			return true
		}
	}
	return false
}

// calibrated says whether it is known what a cell costs, and takes the first one's cost for that until one has ended.
func (a *admission) calibrated(load strain.Load) bool {
	if !load.Measured {
		return true
	}
	if a.measured == 0 {
		a.calibration = a.slots[0].cost(time.Now())
	}
	return a.calibration.Total() > 0
}

// calibrate takes a cell whose load ends into the mean.
func (a *admission) calibrate(s *slot) {
	c := s.cost(time.Now())
	if c.Total() == 0 || s.heavy || s.alone {
		return
	}
	a.measured++
	share := 1 / float64(a.measured)
	mean := func(old, one float64) float64 { return old + share*(one-old) }
	was := a.calibration
	a.calibration = Calibration{Cell: mean(was.Cell, c.Cell), Harness: mean(was.Harness, c.Harness), Outside: mean(was.Outside, c.Outside)}
}

// cost is what the slot's cell has needed since it was under load. Its share of the harness is that of the time that all cells had.
func (s *slot) cost(until time.Time) (c Calibration) {
	if s.samples == nil || s.loaded.IsZero() {
		return c
	}
	var length float64
	for _, x := range s.samples() {
		if x.End.Before(s.loaded) || x.End.After(until) {
			continue
		}
		length += x.Length
		c.Cell += x.Cell
		if x.Cell > 0 {
			c.Harness += x.Harness * x.Cell / (x.Cell + x.Cells)
		}
		c.Outside += x.Programs + x.Steal + x.Quota
	}
	if length == 0 {
		return c
	}
	return Calibration{Cell: c.Cell / length, Harness: c.Harness / length, Outside: c.Outside / length}
}

// watched says who samples the slot's cell.
func (s *slot) watched(w *strain.Watch) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.samples = w.Samples
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
		s.of.released = time.Now()
		s.of.calibrate(s)
		s.of.note()
	})
}

// note keeps how many cells run from now on.
func (a *admission) note() {
	load, _ := a.over(lookBack)
	a.occupancy = append(a.occupancy, Occupancy{At: time.Now().Round(0), Cells: len(a.slots), Idle: load.Idle, Outside: load.Outside})
}
