package load

import (
	"context"
	"sync"
	"time"
)

// Options say how a Generator loads a system.
type Options struct {
	Name    string // of the shopper, for the history
	Shopper Shopper
	Rate    Rate
	Seed    uint64
	// Visits ends the visits after so many; 0: they go on until they are stopped. They are numbered from After+1 on, so that
	// two generators of one run can keep theirs apart.
	Visits, After int
	// Closed, where it is not 0, is a closed loop in the place of a rate: so many visits are kept going, and the next one starts once
	// one has made its Operation.
	Closed    int
	Operation string
	// Open is how many visits may be open at once, 0 for 2,000. It is a guard against a harness that eats the machine, not
	// a model of anything: visits that it refuses are counted, and make the run INVALID.
	Open int
	// Timeout bounds each operation, 0 for 10 s. What it cuts is unknown.
	Timeout  time.Duration
	Recorder *Recorder
	Late     func(time.Duration) // told by how much each visit started late; may be nil
}

// Generator starts visits on schedule until it is stopped.
type Generator struct {
	o      Options
	stop   chan struct{} // closed: no new visits
	ended  chan struct{} // closed: the last visit has started
	halted sync.WaitGroup
	visits sync.WaitGroup
	slots  chan struct{}
	cancel context.CancelFunc // gives up on open visits

	mu    sync.Mutex
	stats Stats
}

// Stats is what the generator has done so far.
type Stats struct {
	Visits  int           // visits that started
	Dropped int           // visits that could not start because too many were open
	MaxLag  time.Duration // longest time from a visit's intended start to its real one
}

// Start begins the visits at once. Stop must be called in the end.
func Start(ctx context.Context, o Options) *Generator {
	if o.Open == 0 {
		o.Open = 2000
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	ctx, cancel := context.WithCancel(ctx)
	g := &Generator{o: o, stop: make(chan struct{}), ended: make(chan struct{}), slots: make(chan struct{}, o.Open), cancel: cancel}
	g.halted.Go(func() {
		defer close(g.ended)
		switch {
		case o.Closed > 0:
			g.closed(ctx)
		case o.Rate > 0:
			g.schedule(ctx)
		}
	})
	return g
}

// Stop starts no more visits and waits for those that are open, but no longer than until ctx ends; then it cuts them,
// which leaves their operations unknown. Further calls do nothing more.
func (g *Generator) Stop(ctx context.Context) {
	g.Halt()
	release := context.AfterFunc(ctx, g.cancel)
	g.visits.Wait()
	release()
	g.cancel()
}

// Ended is closed when no more visits will start: all of Options.Visits have, or it was halted.
func (g *Generator) Ended() <-chan struct{} { return g.ended }

// Halt starts no more visits. Those that are open go on.
func (g *Generator) Halt() {
	g.mu.Lock()
	select {
	case <-g.stop:
	default:
		close(g.stop)
	}
	g.mu.Unlock()
	g.halted.Wait()
}

// Stats tells what happened so far.
func (g *Generator) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stats
}

func (g *Generator) schedule(ctx context.Context) {
	begin := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 1; g.o.Visits == 0 || n <= g.o.Visits; n++ {
		intended := begin.Add(arrival(g.o.Seed, g.o.Rate, n))
		timer.Reset(time.Until(intended))
		select {
		case <-timer.C:
			g.visit(ctx, g.o.After+n, intended)
		case <-g.stop:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (g *Generator) visit(ctx context.Context, n int, intended time.Time) {
	g.open(ctx, n, intended, nil)
}

// open starts a visit, unless too many are open.
func (g *Generator) open(ctx context.Context, n int, intended time.Time, held *place) {
	select {
	case g.slots <- struct{}{}:
	default:
		g.count(func(s *Stats) { s.Dropped++ })
		held.left()
		return
	}
	lag := time.Since(intended)
	if g.o.Late != nil {
		g.o.Late(lag)
	}
	g.count(func(s *Stats) { s.Visits++; s.MaxLag = max(s.MaxLag, lag) })
	v := &Visit{
		Number: n, Intended: intended, Rand: visitRand(g.o.Seed, n),
		shopper: g.o.Name, timeout: g.o.Timeout, recorder: g.o.Recorder, place: held,
	}
	g.visits.Go(func() {
		defer func() { <-g.slots; held.left() }()
		g.o.Shopper.Visit(ctx, v)
	})
}

func (g *Generator) count(change func(*Stats)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.stats)
}
