package load

import (
	"context"
	"sync"
	"time"
)

// pauseAfterFailure is how long a closed loop waits before the next visit takes the place of one that was refused. A system that
// refuses at once would otherwise be asked as fast as it can say no, and not as fast as it can serve.
const pauseAfterFailure = 100 * time.Millisecond

// closed keeps Options.Closed visits going: the next one starts once one has made its Operation, or has ended without it. What a
// visit does after its operation, such as following an order, goes on beside the next one.
func (g *Generator) closed(ctx context.Context) {
	free := make(chan struct{}, g.o.Closed)
	for range g.o.Closed {
		free <- struct{}{}
	}
	for n := 1; g.o.Visits == 0 || n <= g.o.Visits; n++ {
		select {
		case <-free:
		case <-g.stop:
			return
		case <-ctx.Done():
			return
		}
		g.open(ctx, g.o.After+n, time.Now(), newPlace(g.o.Operation, func() { free <- struct{}{} }))
	}
}

// place is what one visit of a closed loop holds.
type place struct {
	operation string
	free      func() // called once
	once      sync.Once
}

func newPlace(operation string, free func()) *place { return &place{operation: operation, free: free} }

// ended gives the place to the next visit if the operation is the one that the loop counts.
func (p *place) ended(op Operation) {
	switch {
	case p == nil || op.Name != p.operation:
	case op.Outcome == OK:
		p.leave(0)
	default:
		p.leave(pauseAfterFailure)
	}
}

// left gives the place to the next visit when a visit has ended, unless its operation has.
func (p *place) left() {
	if p != nil {
		p.leave(pauseAfterFailure)
	}
}

func (p *place) leave(after time.Duration) {
	p.once.Do(func() {
		if after == 0 {
			p.free()
			return
		}
		time.AfterFunc(after, p.free)
	})
}
