package fault

import (
	"maps"
	"sync"
	"time"
)

// Dose is what a fault was asked to do and what it measurably did, between its Start and its End.
type Dose struct {
	Fault    string             `json:"fault"`  // the name of its kind
	Target   string             `json:"target"` // the link or the process
	Asked    string             `json:"asked"`  // in one line
	Start    time.Time          `json:"start"`
	End      time.Time          `json:"end"`
	Measures map[string]float64 `json:"measures"` // names have their unit: _ms, _per_second, bytes_…, else counts; max_… is the most, all else sums
	Hit      bool               `json:"hit"`      // it touched something
	Why      string             `json:"why"`      // the ground for Hit, in a sentence
}

// window is the time in which a fault holds, and what it measured in it. The zero value has not begun.
type window struct {
	mu         sync.Mutex
	start, end time.Time
	measures   map[string]float64
	once       sync.Once
	struck     chan struct{} // closed when the fault has struck
	over       chan struct{} // closed at the end
}

func newWindow(measures ...string) *window {
	w := &window{measures: map[string]float64{}, struck: make(chan struct{}), over: make(chan struct{})}
	for _, name := range measures {
		w.measures[name] = 0 // a measure that stays at nothing is shown, too
	}
	return w
}

// begin begins the window before the fault has struck, for one that takes its time to strike.
func (w *window) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.start.IsZero() {
		w.start = time.Now()
	}
}

// open notes that the fault has struck, and begins the window unless it has begun.
func (w *window) open() {
	w.begin()
	w.once.Do(func() { close(w.struck) })
}

// close ends the window and says whether it was open until now.
func (w *window) close() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.start.IsZero() || !w.end.IsZero() {
		return false
	}
	w.end = time.Now()
	close(w.over)
	return true
}

// holds says whether the window is open.
func (w *window) holds() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.start.IsZero() && w.end.IsZero()
}

// lasted is how long the window has been open.
func (w *window) lasted() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.start)
}

// within says whether something that happened at a time happened in the window.
func (w *window) within(at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.start.IsZero() && !at.Before(w.start) && (w.end.IsZero() || at.Before(w.end))
}

// count adds to a measure.
func (w *window) count(name string, n float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.measures[name] += n
}

// raise lifts a measure to a value, if it is lower.
func (w *window) raise(name string, value float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.measures[name] = max(w.measures[name], value)
}

// Done is closed when the window has begun.
func (w *window) Done() <-chan struct{} { return w.struck }

// dose gives what was measured so far, for the fault to judge.
func (w *window) dose(s Spec, asked string) Dose {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Dose{
		Fault: s.Do, Target: s.Target(), Asked: asked,
		Start: w.start, End: w.end, Measures: maps.Clone(w.measures),
	}
}

// ms is a duration in milliseconds.
func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
