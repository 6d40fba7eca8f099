package fault

import (
	"fmt"
	"math/rand/v2"
	"time"

	"stormglass/chaos/cell"
)

// network is what all faults share that work by an effect on each proxy of a link.
type network struct {
	*window
	spec    Spec
	proxies []*cell.Proxy
}

func newNetwork(s Spec, c *cell.Cell, measures ...string) (network, error) {
	proxies, err := c.Proxies(s.Link)
	if err != nil {
		return network{}, fmt.Errorf("make fault %s: %w", s.Do, err)
	}
	return network{window: newWindow(measures...), spec: s, proxies: proxies}, nil
}

// put opens the window and puts an effect on every proxy.
func (n *network) put(e cell.Effect) {
	n.open()
	for _, p := range n.proxies {
		p.Add(e)
	}
}

// take closes the window, which wakes the chunks that wait in the effect, and takes it off every proxy. It says whether
// the effect was there.
func (n *network) take(e cell.Effect) bool {
	was := n.close()
	for _, p := range n.proxies {
		p.Remove(e)
	}
	return was
}

// nothingCame is why a fault of bytes did not hit.
const nothingCame = "no byte came to the link while the fault held"

// sleepUntil holds a stream until a time, the fault's end, or the connection's.
func (n *network) sleepUntil(s *cell.Stream, at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-n.over:
	case <-s.Done():
	}
}

// touches counts a connection the first time that it is touched, on whichever of its two streams.
type touches struct {
	w    *window
	seen map[touched]*cell.Stream // guarded by w.mu
}

func newTouches(w *window) touches { return touches{w, map[touched]*cell.Stream{}} }

type touched struct {
	proxy string
	conn  int
}

func (t *touches) touch(s *cell.Stream) {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	key := touched{s.Proxy, s.Conn}
	if t.seen[key] == nil {
		t.seen[key] = s
		t.w.measures["connections_touched"]++
	}
}

// cut cuts every connection that was touched and still lives, and says how many these were.
func (t *touches) cut() (n int) {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	for _, s := range t.seen {
		if s.Cut() {
			n++
		}
	}
	return n
}

// random is the source of one stream's randomness in one fault: a function of the fault's seed and the stream's.
func random(seed uint64, s *cell.Stream) *rand.Rand {
	return rand.New(rand.NewPCG(seed, s.Seed))
}

// through is the pass of a stream that a fault leaves alone.
func through(c cell.Chunk, next func(cell.Chunk)) { next(c) }
