package fault

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"stormglass/chaos/load"
)

// CrowdName is the name of the fault that is a load spike. Whoever runs a scenario makes it by NewCrowd, because a cell alone
// has no visitors.
const CrowdName = "crowd"

func crowdKind() Kind {
	return Kind{
		Name: CrowdName, On: "shoppers", Keys: []string{"visits", "capacity"},
		Doc: "sends so many more visitors, evenly over the time, besides those who come all the while; nobody waits for answers to others. " +
			"With capacity their number is that multiple of what the probe before it found",
		check: checkCrowd,
	}
}

func checkCrowd(s Spec) error {
	switch {
	case s.Capacity != nil && (*s.Capacity <= 0 || math.IsInf(*s.Capacity, 0)):
		return &KeyError{"capacity", "expected a multiple of what the probe before it found, such as 4"}
	case s.Visits < 1 && s.Capacity != nil:
		return &KeyError{"visits", "expected how many may come at most, such as 1000: they are made ready before it is known how many will"}
	case s.Visits < 1:
		return &KeyError{"visits", "expected how many come, such as 500"}
	}
	return nil
}

// Capacity is how many operations a second a system accepts, as far as it is known.
type Capacity struct {
	PerSecond float64 // 0 where a probe found nothing
	Given     bool    // it was given with the command, and not measured
}

// crowd is more load than usual, for a while.
type crowd struct {
	*window
	spec  Spec
	tools CrowdTools

	mu   sync.Mutex
	size size
	sent *load.Generator // nil until it comes
}

// CrowdTools are what a load spike needs of whoever runs it.
type CrowdTools struct {
	Start    func(visits int) *load.Generator        // sends so many visits
	Capacity func(context.Context) (Capacity, error) // asked when the spike begins, if its spec has a capacity
}

// NewCrowd makes a load spike of a spec. Its visits go on when it is over, and whoever started them ends them.
func NewCrowd(s Spec, tools CrowdTools) Fault {
	names := []string{"visits_started", "visits_dropped", "max_late_ms"}
	if s.Capacity != nil {
		names = append(names, "visits_asked", "capacity_per_second")
	}
	return &crowd{window: newWindow(names...), spec: s, tools: tools, size: size{visits: s.Visits}}
}

func (c *crowd) Inject(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.window.open()
	if c.spec.Capacity != nil {
		found, err := c.tools.Capacity(ctx)
		if err != nil {
			return err
		}
		c.size = multiple(c.spec, found)
		c.count("capacity_per_second", c.size.PerSecond)
		c.count("visits_asked", float64(c.size.asked))
	}
	if c.size.visits > 0 {
		c.sent = c.tools.Start(c.size.visits)
	}
	return nil
}

// size is how many visits a load spike is, and why.
type size struct {
	Capacity
	asked  int // by the multiple; 0 where a number was given
	visits int // no more than there are visitors for
}

// multiple is the size of a spike that asks for a multiple of a capacity.
func multiple(s Spec, c Capacity) size {
	asked := int(math.Ceil(*s.Capacity * c.PerSecond * s.For.Seconds()))
	return size{Capacity: c, asked: asked, visits: min(asked, s.Visits)}
}

// lateWithin is how much later than planned the last of a crowd may start on a machine that is short of time.
const lateWithin = 2 * time.Second

func (c *crowd) Undo(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.holds() {
		return nil
	}
	if c.sent == nil {
		c.close()
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
	c.mu.Lock()
	size := c.size
	c.mu.Unlock()
	d := c.dose(c.spec, c.asked(size))
	came := d.Measures["visits_started"]
	d.Hit = came > 0
	d.Why = fmt.Sprintf("%.0f of %d came", came, size.visits)
	switch {
	case c.spec.Capacity != nil && size.PerSecond == 0:
		d.Why = "nobody came: no capacity was found before it"
	case size.asked > size.visits:
		d.Why += fmt.Sprintf("; there were visitors for no more of the %d asked for", size.asked)
	}
	return d
}

// asked says what was asked for: a number, or a multiple with what that came to.
func (c *crowd) asked(s size) string {
	if c.spec.Capacity == nil {
		return fmt.Sprintf("a crowd of %d, in %s", s.visits, c.spec.For)
	}
	how := "measured"
	if s.Given {
		how = "given"
	}
	return fmt.Sprintf("a crowd of %d, in %s: %g times the capacity of %.1f/s (%s)", s.asked, c.spec.For, *c.spec.Capacity, s.PerSecond, how)
}
