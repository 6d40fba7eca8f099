package fault

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stormglass/chaos/cell"
)

func stallKind() Kind {
	return Kind{
		Name: "stall", On: "link", Keys: []string{"direction"},
		Doc: "lets nothing through, and the news that a side has closed neither; when it ends, all that was held goes on in " +
			"order and no connection is lost: a stall that heals",
		check: Spec.checkDirection,
		build: newStall,
	}
}

// stall holds everything back.
type stall struct {
	network
	touches touches

	mu   sync.Mutex
	held map[*cell.Stream]time.Time // since when the first chunk of each stream has waited
}

func newStall(s Spec, c *cell.Cell, _ uint64) (Fault, error) {
	n, err := newNetwork(s, c, "connections_touched", "chunks_held", "bytes_held", "max_held_ms")
	if err != nil {
		return nil, err
	}
	return &stall{network: n, touches: newTouches(n.window), held: map[*cell.Stream]time.Time{}}, nil
}

func (st *stall) Inject(context.Context) error {
	st.put(st)
	return nil
}

func (st *stall) Undo(context.Context) error {
	if !st.take(st) {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, since := range st.held {
		st.raise("max_held_ms", ms(time.Since(since)))
	}
	return nil
}

// Join holds the streams of the direction that stands still. Behind the chunk that waits in the pass the others queue;
// they are measured when their turn comes, by the time at which they arrived.
func (st *stall) Join(s *cell.Stream) cell.Pass {
	if !st.spec.hits(s.Direction) {
		return through
	}
	return func(c cell.Chunk, next func(cell.Chunk)) {
		if !c.End && st.within(c.At) {
			st.measure(s, c)
		}
		if st.holds() {
			select {
			case <-st.over:
			case <-s.Done():
			}
			c.At = time.Now()
		}
		next(c)
	}
}

func (st *stall) measure(s *cell.Stream, c cell.Chunk) {
	st.touches.touch(s)
	st.count("chunks_held", 1)
	st.count("bytes_held", float64(len(c.Data)))
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, waits := st.held[s]; !waits {
		st.held[s] = c.At
	}
}

func (st *stall) Dose() Dose {
	d := st.dose(st.spec, st.spec.asked("stall"))
	if d.Hit = d.Measures["bytes_held"] > 0; d.Hit {
		d.Why = fmt.Sprintf("%.0f bytes on %.0f connections were held, up to %.0f ms",
			d.Measures["bytes_held"], d.Measures["connections_touched"], d.Measures["max_held_ms"])
	} else {
		d.Why = nothingCame
	}
	return d
}
