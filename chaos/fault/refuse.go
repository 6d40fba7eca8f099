package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"stormglass/chaos/cell"
)

func refuseKind() Kind {
	return Kind{
		Name: "refuse", On: "link",
		Doc: "cuts every connection and closes the port, so that new ones are refused as by a server that is not there; " +
			"when there was none to cut, the first new one is reset and counted before the port closes",
		check: func(Spec) error { return nil },
		build: newRefuse,
	}
}

// refuse takes the link's proxies off the network.
type refuse struct {
	network
	change sync.Mutex
}

func newRefuse(s Spec, c *cell.Cell, _ uint64) (Fault, error) {
	n, err := newNetwork(s, c, "connections_cut", "connections_refused", "ports_closed", "ports_back")
	if err != nil {
		return nil, err
	}
	return &refuse{network: n}, nil
}

func (r *refuse) Inject(ctx context.Context) error {
	r.change.Lock()
	defer r.change.Unlock()
	r.open()
	var errs []error
	for _, p := range r.proxies {
		cut, err := p.Refuse(ctx)
		r.count("connections_cut", float64(cut))
		if err == nil {
			r.count("ports_closed", 1)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (r *refuse) Undo(ctx context.Context) error {
	r.change.Lock()
	defer r.change.Unlock()
	if !r.close() {
		return nil
	}
	var errs []error
	for _, p := range r.proxies {
		refused, err := p.Accept(ctx)
		r.count("connections_refused", float64(refused))
		if err == nil {
			r.count("ports_back", 1)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (r *refuse) Dose() Dose {
	d := r.dose(r.spec, fmt.Sprintf("refuse, for %s", r.spec.For))
	cut, refused := d.Measures["connections_cut"], d.Measures["connections_refused"]
	if d.Hit = cut+refused > 0; d.Hit {
		d.Why = fmt.Sprintf("%.0f connections were cut, and at least %.0f refused", cut, refused)
	} else {
		d.Why = "there was no connection to cut, and none came while the fault held"
	}
	return d
}
