package strain

import (
	"os"
	"slices"
	"sync"
	"time"
)

// scanEvery is the time between two searches for new processes and threads.
const scanEvery = 5 * Every

// Meter samples the machine, the harness and every cell that is watched, each Every, until it is stopped. One serves a whole
// suite: only so does one cell see what the others take.
type Meter struct {
	stop    chan struct{}
	stopped sync.WaitGroup

	goroutines latencies

	mu      sync.Mutex
	watches []*Watch
	recent  []Load // the last few seconds, for admission
}

// Load is what a slice was like for the whole machine: where its processor time went, in processors.
type Load struct {
	End      time.Time
	Length   time.Duration
	Idle     float64 // processors that nobody used, of those that the harness may use and a quota leaves it
	Harness  float64
	Cells    float64 // all of them together
	Outside  float64 // used by other programs, stolen, or withheld
	Cores    float64 // that the harness and its cells may use at most: processors, or a quota below them
	Measured bool    // false where the system does not tell who has the processors; then only Late says anything
	Late     time.Duration
	Pressure float64 // share of the time in which somebody waited for a processor; 0 where that is not told
}

// Start begins to sample.
func Start() *Meter {
	m := &Meter{stop: make(chan struct{})}
	m.stopped.Go(m.run)
	return m
}

// Stop ends the sampling and waits for its end.
func (m *Meter) Stop() {
	close(m.stop)
	m.stopped.Wait()
}

// Watch begins to sample for a cell that is to come. Until Root says where its processes are, the samples know of the machine
// and of the harness alone.
func (m *Meter) Watch() *Watch {
	w := &Watch{meter: m}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watches = append(m.watches, w)
	return w
}

func (m *Meter) forget(w *Watch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watches = slices.DeleteFunc(m.watches, func(x *Watch) bool { return x == w })
}

// Over is the machine's load in the last stretch of that length; false when it has not been sampled for so long.
func (m *Meter) Over(stretch time.Duration) (Load, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var sum Load
	for _, l := range slices.Backward(m.recent) {
		part := l.Length.Seconds()
		if sum.Length == 0 {
			sum.End = l.End
		}
		sum.Length += l.Length
		sum.Measured, sum.Late = l.Measured, max(sum.Late, l.Late)
		sum.Idle += part * l.Idle
		sum.Harness += part * l.Harness
		sum.Cells += part * l.Cells
		sum.Outside += part * l.Outside
		sum.Cores += part * l.Cores
		sum.Pressure += part * l.Pressure
		if sum.Length >= stretch {
			whole := sum.Length.Seconds()
			return Load{
				End: sum.End, Length: sum.Length, Measured: sum.Measured, Late: sum.Late, Idle: sum.Idle / whole, Harness: sum.Harness / whole, Cells: sum.Cells / whole,
				Outside: sum.Outside / whole, Cores: sum.Cores / whole, Pressure: sum.Pressure / whole,
			}, true
		}
	}
	return Load{}, false
}

// remembered is for how many slices the machine's load is kept.
const remembered = 100

// run takes a sample at each tick. A tick that comes late makes a longer slice, and no tick is made up for.
func (m *Meter) run() {
	probe := newProbe()
	defer probe.close()
	last := probe.read(true)
	due := time.Now().Add(Every)
	for n := 1; ; n++ {
		timer := time.NewTimer(time.Until(due))
		select {
		case <-timer.C:
		case <-m.stop:
			timer.Stop()
			return
		}
		late := time.Since(due)
		now := probe.read(n%int(scanEvery/Every) == 0)
		m.sample(probe, last, now, late)
		last = now
		due = due.Add(Every)
		if behind := time.Since(due); behind > 0 {
			due = time.Now().Add(Every)
		}
	}
}

// sample gives each watch its sample of the slice between two readings.
func (m *Meter) sample(probe *probe, last, now reading, late time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gained := make([]usage, len(m.watches))
	var cells float64
	for i, w := range m.watches {
		gained[i] = probe.gained(w.root(), now.scanned)
		cells += ms(gained[i].ran)
	}
	base := now.since(last)
	base.Timer, base.Goroutines = ms(late), ms(m.goroutines.longest())
	busy := max(0, now.busy(last)-base.Steal)
	programs := max(0, busy-base.Harness-cells)
	for i, w := range m.watches {
		s := base
		s.Cell, s.Waited = ms(gained[i].ran), ms(gained[i].waited)
		s.Cells, s.Programs = round(max(0, cells-s.Cell)), round(programs)
		w.add(s)
	}
	m.remember(now, last, base, cells, programs)
}

func (m *Meter) remember(now, last reading, base Sample, cells, programs float64) {
	length := now.at.Sub(last.at)
	per := func(x float64) float64 { return x / ms(length) }
	l := Load{
		End: now.at, Length: length, Harness: per(base.Harness), Cells: per(cells), Outside: per(programs + base.Steal + base.Quota),
		Cores: now.cores(), Pressure: per(base.Pressure), Measured: now.measured, Late: time.Duration(base.Late() * float64(time.Millisecond)),
	}
	l.Idle = max(0, min(per(now.idleSince(last)), l.Cores-l.Harness-l.Cells))
	m.recent = append(m.recent, l)
	if len(m.recent) > remembered {
		m.recent = slices.Delete(m.recent, 0, len(m.recent)-remembered)
	}
}

// self is this process.
var self = os.Getpid()
