package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"stormglass/chaos/cell"
)

func delayKind() Kind {
	return Kind{
		Name: "delay", On: "link", Keys: []string{"latency", "jitter", "direction"},
		Doc:   "holds each chunk for latency ± jitter, in order; what is held when it ends is let go at once",
		check: checkDelay,
		build: newDelay,
	}
}

func checkDelay(s Spec) error {
	switch {
	case s.Latency <= 0:
		return &KeyError{"latency", "expected how long each chunk is held, such as 200ms"}
	case s.Jitter < 0 || s.Jitter > s.Latency:
		return &KeyError{"jitter", fmt.Sprintf("expected something between 0s and the latency of %s", s.Latency)}
	}
	return s.checkDirection()
}

// delay holds chunks.
type delay struct {
	network
	touches touches
	seed    uint64
}

func newDelay(s Spec, c *cell.Cell, seed uint64) (Fault, error) {
	n, err := newNetwork(s, c, "connections_touched", "chunks_delayed", "added_ms", "max_added_ms")
	if err != nil {
		return nil, err
	}
	return &delay{network: n, seed: seed, touches: newTouches(n.window)}, nil
}

func (d *delay) Inject(context.Context) error {
	d.put(d)
	return nil
}

func (d *delay) Undo(context.Context) error {
	d.take(d)
	return nil
}

// Join gives each stream its own sequence of waits.
func (d *delay) Join(s *cell.Stream) cell.Pass {
	if !d.spec.hits(s.Direction) {
		return through
	}
	wait := waits(d.spec, random(d.seed, s))
	return func(c cell.Chunk, next func(cell.Chunk)) {
		if !c.End && d.holds() {
			c.At = d.hold(s, c.At, wait())
		}
		next(c)
	}
}

// waits draws how long one chunk after another is held.
func waits(s Spec, r *rand.Rand) func() time.Duration {
	return func() time.Duration {
		if s.Jitter == 0 {
			return s.Latency
		}
		return s.Latency - s.Jitter + time.Duration(r.Int64N(int64(2*s.Jitter)+1))
	}
}

// hold waits from a chunk's arrival on, measures what that really added, and gives the time at which it goes on.
func (d *delay) hold(s *cell.Stream, arrived time.Time, wait time.Duration) time.Time {
	d.sleepUntil(s, arrived.Add(wait))
	now := time.Now()
	d.touches.touch(s)
	d.count("chunks_delayed", 1)
	d.count("added_ms", ms(now.Sub(arrived)))
	d.raise("max_added_ms", ms(now.Sub(arrived)))
	return now
}

func (d *delay) Dose() Dose {
	asked := fmt.Sprintf("delay %s", d.spec.Latency)
	if d.spec.Jitter > 0 {
		asked += fmt.Sprintf(" ± %s", d.spec.Jitter)
	}
	dose := d.dose(d.spec, d.spec.asked(asked))
	chunks := dose.Measures["chunks_delayed"]
	if dose.Hit = chunks > 0; !dose.Hit {
		dose.Why = "nothing passed the link while the fault held"
		return dose
	}
	dose.Why = fmt.Sprintf("%.0f chunks on %.0f connections were held for %.1f ms on average",
		chunks, dose.Measures["connections_touched"], dose.Measures["added_ms"]/chunks)
	return dose
}
