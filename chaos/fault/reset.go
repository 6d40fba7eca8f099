package fault

import (
	"context"
	"fmt"

	"stormglass/chaos/cell"
)

func resetKind() Kind {
	return Kind{
		Name: "reset", On: "link",
		Doc: "resets every live connection (TCP RST, to both sides), and each new one as soon as it carries a byte; the port " +
			"stays open",
		check: func(Spec) error { return nil },
		build: newReset,
	}
}

// reset cuts connections whose sockets have been told, when they were made, to end with a reset.
type reset struct{ network }

func newReset(s Spec, c *cell.Cell, _ uint64) (Fault, error) {
	n, err := newNetwork(s, c, "connections_reset", "new_connections_reset")
	if err != nil {
		return nil, err
	}
	for _, p := range n.proxies {
		if !p.Abrupt() {
			return nil, fmt.Errorf("make fault reset: %s closes its connections in order: name the link in cell.Options.Abrupt", p.Name())
		}
	}
	return &reset{network: n}, nil
}

func (r *reset) Inject(context.Context) error {
	r.put(r)
	for _, p := range r.proxies {
		r.count("connections_reset", float64(p.CutAll()))
	}
	return nil
}

func (r *reset) Undo(context.Context) error {
	r.take(r)
	return nil
}

// Join resets the stream's connection when it carries something.
func (r *reset) Join(s *cell.Stream) cell.Pass {
	return func(c cell.Chunk, next func(cell.Chunk)) {
		if c.End || !r.holds() {
			next(c)
			return
		}
		if s.Cut() {
			r.count("connections_reset", 1)
			r.count("new_connections_reset", 1)
		}
	}
}

func (r *reset) Dose() Dose {
	d := r.dose(r.spec, fmt.Sprintf("reset, for %s", r.spec.For))
	if d.Hit = d.Measures["connections_reset"] > 0; d.Hit {
		d.Why = fmt.Sprintf("%.0f connections were reset, %.0f of them new ones", d.Measures["connections_reset"], d.Measures["new_connections_reset"])
	} else {
		d.Why = "there was no connection to reset, and none came while the fault held"
	}
	return d
}
