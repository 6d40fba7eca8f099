package fault

import (
	"context"
	"fmt"
	"time"

	"stormglass/chaos/cell"
)

func throttleKind() Kind {
	return Kind{
		Name: "throttle", On: "link", Keys: []string{"rate", "direction"},
		Doc: "lets bytes through at no more than rate, each direction of each connection by itself; what is under way when " +
			"it ends is let go at once",
		check: func(s Spec) error {
			if s.Rate <= 0 {
				return &KeyError{"rate", "expected bytes per second, such as 20kB/s"}
			}
			return s.checkDirection()
		},
		build: newThrottle,
	}
}

// throttleStep is how much time's worth of bytes goes on at once.
const throttleStep = 20 * time.Millisecond

// throttle lets bytes trickle.
type throttle struct {
	network
	touches touches
}

func newThrottle(s Spec, c *cell.Cell, _ uint64) (Fault, error) {
	n, err := newNetwork(s, c, "connections_touched", "bytes_throttled", "max_added_ms")
	if err != nil {
		return nil, err
	}
	return &throttle{network: n, touches: newTouches(n.window)}, nil
}

func (t *throttle) Inject(context.Context) error {
	t.put(t)
	return nil
}

func (t *throttle) Undo(context.Context) error {
	t.take(t)
	return nil
}

// Join gives each stream its own time at which its next byte may go.
func (t *throttle) Join(s *cell.Stream) cell.Pass {
	if !t.spec.hits(s.Direction) {
		return through
	}
	var free time.Time
	return func(c cell.Chunk, next func(cell.Chunk)) {
		for !c.End && t.holds() && len(c.Data) > 0 {
			piece := min(len(c.Data), max(1, int(t.spec.Rate.in(throttleStep))))
			free = later(free, c.At).Add(t.spec.Rate.takes(piece))
			t.sleepUntil(s, free)
			t.touches.touch(s)
			t.count("bytes_throttled", float64(piece))
			t.raise("max_added_ms", ms(time.Since(c.At)))
			next(cell.Chunk{Data: c.Data[:piece], At: time.Now()})
			c.Data = c.Data[piece:]
		}
		if c.End || len(c.Data) > 0 {
			next(c)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (t *throttle) Dose() Dose {
	d := t.dose(t.spec, t.spec.asked(fmt.Sprintf("throttle to %s", t.spec.Rate)))
	if d.Hit = d.Measures["bytes_throttled"] > 0; d.Hit {
		d.Why = fmt.Sprintf("%.0f bytes on %.0f connections went no faster, the slowest chunk took %.0f ms",
			d.Measures["bytes_throttled"], d.Measures["connections_touched"], d.Measures["max_added_ms"])
	} else {
		d.Why = nothingCame
	}
	return d
}
