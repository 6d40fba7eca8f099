package strain

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Watch collects the samples of one cell. It is safe for use from many goroutines.
type Watch struct {
	meter             *Meter
	pid               atomic.Int64
	arrivals, scrapes lateness

	mu      sync.Mutex
	samples []Sample
}

// Root says under which process all processes of the cell live: its guard.
func (w *Watch) Root(pid int) { w.pid.Store(int64(pid)) }

func (w *Watch) root() int { return int(w.pid.Load()) }

// Arrival notes by how much the harness started a visit late.
func (w *Watch) Arrival(late time.Duration) { w.arrivals.note(late) }

// Scrape notes by how much a scrape began late.
func (w *Watch) Scrape(late time.Duration) { w.scrapes.note(late) }

// Samples are those so far. The slice is the caller's to read, not to change.
func (w *Watch) Samples() []Sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clip(w.samples)
}

// Stop ends the collecting.
func (w *Watch) Stop() { w.meter.forget(w) }

func (w *Watch) add(s Sample) {
	s.Arrivals, s.Scrapes = w.arrivals.take(), w.scrapes.take()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.samples = append(w.samples, s)
}

// lateness is the most by which something was late since it was taken last.
type lateness struct{ most atomic.Int64 }

func (l *lateness) note(d time.Duration) {
	for {
		most := l.most.Load()
		if int64(d) <= most || l.most.CompareAndSwap(most, int64(d)) {
			return
		}
	}
}

func (l *lateness) take() float64 { return ms(time.Duration(l.most.Swap(0))) }
