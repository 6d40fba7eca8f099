package fault

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stormglass/chaos/load"
)

// CrowdName is the name of the fault that is a crowd. Whoever runs a scenario makes it by NewCrowd, because a cell alone
// has no visitors.
const CrowdName = "crowd"

func crowdKind() Kind {
	return Kind{
		Name: CrowdName, On: "shoppers", Keys: []string{"visits"},
		Doc: "sends so many more visitors, evenly over the time, besides those who come all the while; nobody waits for answers to others",
		check: func(s Spec) error {
			if s.Visits < 1 {
				return &KeyError{"visits", "expected how many come, such as 500"}
			}
			return nil
		},
	}
}

// crowd is more load than usual, for a while.
type crowd struct {
	*window
	spec  Spec
	start func() *load.Generator

	mu      sync.Mutex
	sent    *load.Generator // nil until it comes
	dropped int
}

// NewCrowd makes a crowd of a spec; start sends it. Its visits go on when it is over, and whoever started them ends them.
func NewCrowd(s Spec, start func() *load.Generator) Fault {
	return &crowd{window: newWindow("visits_started", "visits_dropped", "max_late_ms"), spec: s, start: start}
}

func (c *crowd) Inject(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open()
	c.sent = c.start()
	return nil
}

// lateWithin is how much later than planned the last of a crowd may start on a machine that is short of time.
const lateWithin = 2 * time.Second

func (c *crowd) Undo(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.holds() {
		return nil
	}
	if c.lasted() >= c.spec.For { // it was not broken off, so all of it comes
		late := time.NewTimer(lateWithin)
		defer late.Stop()
		select {
		case <-c.sent.Ended():
		case <-late.C:
		case <-ctx.Done():
		}
	}
	c.sent.Halt()
	c.close()
	stats := c.sent.Stats()
	c.count("visits_started", float64(stats.Visits))
	c.count("visits_dropped", float64(stats.Dropped))
	c.raise("max_late_ms", ms(stats.MaxLag))
	return nil
}

func (c *crowd) Dose() Dose {
	d := c.dose(c.spec, fmt.Sprintf("a crowd of %d, in %s", c.spec.Visits, c.spec.For))
	came := d.Measures["visits_started"]
	d.Hit = came > 0
	d.Why = fmt.Sprintf("%.0f of %d came", came, c.spec.Visits)
	return d
}
