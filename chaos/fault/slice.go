package fault

import (
	"context"
	"fmt"
	"time"

	"stormglass/chaos/cell"
)

func sliceKind() Kind {
	return Kind{
		Name: "slice", On: "link", Keys: []string{"size", "latency", "direction"},
		Doc: "cuts what is sent into pieces of size bytes, each latency after the one before: finds readers that take one " +
			"read for a whole message",
		check: func(s Spec) error {
			if s.Size <= 0 {
				return &KeyError{"size", "expected how many bytes a piece has, such as 100"}
			}
			return s.checkDirection()
		},
		build: newSlice,
	}
}

// slice sends in pieces.
type slice struct {
	network
	touches touches
}

func newSlice(s Spec, c *cell.Cell, _ uint64) (Fault, error) {
	n, err := newNetwork(s, c, "connections_touched", "chunks_sliced", "pieces")
	if err != nil {
		return nil, err
	}
	return &slice{network: n, touches: newTouches(n.window)}, nil
}

func (sl *slice) Inject(context.Context) error {
	sl.put(sl)
	return nil
}

func (sl *slice) Undo(context.Context) error {
	sl.take(sl)
	return nil
}

// Join cuts each chunk that is longer than a piece.
func (sl *slice) Join(s *cell.Stream) cell.Pass {
	if !sl.spec.hits(s.Direction) {
		return through
	}
	return func(c cell.Chunk, next func(cell.Chunk)) {
		if sl.holds() && len(c.Data) > sl.spec.Size {
			sl.touches.touch(s)
			sl.count("chunks_sliced", 1)
		}
		for sl.holds() && len(c.Data) > sl.spec.Size {
			sl.count("pieces", 1)
			next(cell.Chunk{Data: c.Data[:sl.spec.Size], At: c.At})
			c.Data = c.Data[sl.spec.Size:]
			c.At = c.At.Add(sl.spec.Latency)
			sl.sleepUntil(s, c.At)
		}
		next(c)
	}
}

func (sl *slice) Dose() Dose {
	asked := fmt.Sprintf("slice into %d bytes", sl.spec.Size)
	if sl.spec.Latency > 0 {
		asked += fmt.Sprintf(", %s apart", sl.spec.Latency.Round(time.Microsecond))
	}
	d := sl.dose(sl.spec, sl.spec.asked(asked))
	if d.Hit = d.Measures["chunks_sliced"] > 0; d.Hit {
		d.Why = fmt.Sprintf("%.0f chunks on %.0f connections were cut", d.Measures["chunks_sliced"], d.Measures["connections_touched"])
	} else {
		d.Why = fmt.Sprintf("nothing longer than %d bytes passed the link while the fault held", sl.spec.Size)
	}
	return d
}
