package fault

import (
	"context"
	"fmt"

	"stormglass/chaos/cell"
)

func blackholeKind() Kind {
	return Kind{
		Name: "blackhole", On: "link", Keys: []string{"direction"},
		Doc: "swallows every byte, and the news that a side has closed; connections stay open, and those that lost " +
			"something are closed when it ends",
		check: Spec.checkDirection,
		build: newBlackhole,
	}
}

// blackhole swallows what comes. A connection that lost bytes cannot be mended, so it is closed at the end: the client
// learns then that it must connect again.
type blackhole struct {
	network
	touches touches
}

func newBlackhole(s Spec, c *cell.Cell, _ uint64) (Fault, error) {
	n, err := newNetwork(s, c, "connections_touched", "connections_closed", "chunks_held", "bytes_held")
	if err != nil {
		return nil, err
	}
	return &blackhole{network: n, touches: newTouches(n.window)}, nil
}

func (b *blackhole) Inject(context.Context) error {
	b.put(b)
	return nil
}

func (b *blackhole) Undo(context.Context) error {
	if b.take(b) {
		b.count("connections_closed", float64(b.touches.cut()))
	}
	return nil
}

// Join swallows the streams of the direction that is dark.
func (b *blackhole) Join(s *cell.Stream) cell.Pass {
	if !b.spec.hits(s.Direction) {
		return through
	}
	return func(c cell.Chunk, next func(cell.Chunk)) {
		switch {
		case !b.holds():
			next(c)
		case c.End:
			b.touches.touch(s)
			select {
			case <-b.over:
			case <-s.Done():
			}
		default:
			b.touches.touch(s)
			b.count("chunks_held", 1)
			b.count("bytes_held", float64(len(c.Data)))
		}
	}
}

func (b *blackhole) Dose() Dose {
	d := b.dose(b.spec, b.spec.asked("blackhole"))
	if d.Hit = d.Measures["bytes_held"] > 0; d.Hit {
		d.Why = fmt.Sprintf("%.0f bytes on %.0f connections were swallowed", d.Measures["bytes_held"], d.Measures["connections_touched"])
	} else {
		d.Why = nothingCame
	}
	return d
}
