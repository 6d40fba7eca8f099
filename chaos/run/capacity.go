package run

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
)

// capacity is how much a system accepts: what a probe finds, or what was given with the command in its place.
type capacity struct {
	known chan struct{} // closed when the figure is there
	once  sync.Once
	fault.Capacity
}

// newCapacity makes one; given is 0 where nothing was.
func newCapacity(given float64) *capacity {
	c := &capacity{known: make(chan struct{})}
	if given > 0 {
		c.set(fault.Capacity{PerSecond: given, Given: true})
	}
	return c
}

// set notes the figure, unless there is one.
func (c *capacity) set(found fault.Capacity) {
	c.once.Do(func() {
		c.Capacity = found
		close(c.known)
	})
}

// wait gives the figure when it is known. A probe that ends at the moment at which a load spike begins is still counting.
func (c *capacity) wait(ctx context.Context) (fault.Capacity, error) {
	select {
	case <-c.known:
		return c.Capacity, nil
	case <-ctx.Done():
		return fault.Capacity{}, fmt.Errorf("wait for the probe's figure: %w", context.Cause(ctx))
	}
}

// evidence is the figure for the run's own record; nil where nothing asked for it.
func (c *capacity) evidence() *evidence.Capacity {
	select {
	case <-c.known:
		return &evidence.Capacity{PerSecond: c.PerSecond, Given: c.Given}
	default:
		return nil
	}
}

// newProbe makes the ith fault, a probe of the capacity. What it counts is the operation that the registry's workload measures.
func (t *trial) newProbe(ctx context.Context, i int, spec fault.Spec) (fault.Fault, error) {
	if t.options.Registry.Workload == nil {
		return nil, fmt.Errorf("probe capacity: the registry has no workload, so that nothing says which operation counts")
	}
	operation := t.options.Registry.Workload.Operation
	return fault.NewProbe(spec, fault.ProbeTools{
		Start: func() *load.Generator {
			return t.send(ctx, i, load.Options{Name: spec.Shoppers, Closed: fault.ProbeVisits, Operation: operation, Visits: spec.Visits})
		},
		Accepted: func(from, to time.Time) int { return accepted(t.recorder.History(), i, operation, from, to) },
		Found:    func(perSecond float64) { t.capacity.set(fault.Capacity{PerSecond: perSecond}) },
	}), nil
}

// accepted counts the operations of the ith fault's visits that ended well in a stretch of time.
func accepted(history []load.Operation, i int, operation string, from, to time.Time) (n int) {
	first, last := (i+1)*crowdNumbers+1, (i+2)*crowdNumbers
	for _, op := range history {
		if op.Visit >= first && op.Visit <= last && op.Name == operation && op.Outcome == load.OK && !op.End.Before(from) && op.End.Before(to) {
			n++
		}
	}
	return n
}
