package resilience

import (
	"errors"
	"fmt"
	"time"
)

// Policy is what a link may cost and how it gives up: one row of a table that a reader can see.
type Policy struct {
	// Deadline bounds the whole operation, its retries and pauses included. A caller's own earlier deadline wins, less a
	// twentieth of what is left of it.
	Deadline time.Duration
	// AttemptTimeout bounds one call, not the wait for a place in the bulkhead.
	AttemptTimeout time.Duration
	// Attempts is how many calls an operation may make at most, the first included; 1 never retries.
	Attempts int
	// Backoff is the longest pause before the second attempt; it doubles with each further one up to MaxBackoff. The
	// pause is drawn evenly between nothing and that bound (full jitter), so that callers who failed together do not
	// return together.
	Backoff, MaxBackoff time.Duration
	// RetryRatio is the link's retry budget: how many retries each operation pays in, such as 0.2 for one retry in five
	// operations. RetryBurst is the most the budget holds, and what it holds at first.
	RetryRatio float64
	RetryBurst int
	// Breaker is the link's circuit breaker; the zero value is none.
	Breaker Breaker
	// Bulkhead is how many attempts may be under way at once; 0 sets no limit. BulkheadWait is how long an attempt may
	// wait for a place.
	Bulkhead     int
	BulkheadWait time.Duration
}

// Breaker says when a circuit breaker opens and how it closes again.
type Breaker struct {
	// FailureRatio of the attempts in the last Window opens the breaker, once there were MinCalls of them.
	FailureRatio float64
	MinCalls     int
	Window       time.Duration
	// OpenFor is how long the neighbour is then left alone.
	OpenFor time.Duration
	// Probes is how many attempts are let out at once after that, and how many must succeed to close the breaker. The
	// first that fails opens it again.
	Probes int
}

// Validate reports every field of the policy that is wrong, by its name.
func (p Policy) Validate() error {
	var c checks
	c.must(p.Deadline > 0, "Deadline is %v: want more than 0", p.Deadline)
	c.must(p.AttemptTimeout > 0, "AttemptTimeout is %v: want more than 0", p.AttemptTimeout)
	c.must(p.AttemptTimeout <= p.Deadline, "AttemptTimeout is %v: want at most Deadline, %v", p.AttemptTimeout, p.Deadline)
	c.must(p.Attempts >= 1, "Attempts is %d: want at least 1", p.Attempts)
	if p.Attempts > 1 {
		c.must(p.Backoff > 0, "Backoff is %v: want more than 0 when Attempts is more than 1", p.Backoff)
		c.must(p.MaxBackoff >= p.Backoff, "MaxBackoff is %v: want at least Backoff, %v", p.MaxBackoff, p.Backoff)
		c.must(p.RetryRatio > 0 && p.RetryRatio <= 1, "RetryRatio is %v: want more than 0, at most 1", p.RetryRatio)
		c.must(p.RetryBurst >= 1, "RetryBurst is %d: want at least 1", p.RetryBurst)
	}
	c.must(p.Bulkhead >= 0, "Bulkhead is %d: want 0 for no limit, or more", p.Bulkhead)
	c.must(p.BulkheadWait >= 0, "BulkheadWait is %v: want 0 or more", p.BulkheadWait)
	c.must(p.Bulkhead > 0 || p.BulkheadWait == 0, "BulkheadWait is %v: want 0 without a Bulkhead", p.BulkheadWait)
	if p.Breaker != (Breaker{}) {
		p.Breaker.check(&c)
	}
	return c.found
}

func (b Breaker) check(c *checks) {
	c.must(b.FailureRatio > 0 && b.FailureRatio <= 1, "Breaker.FailureRatio is %v: want more than 0, at most 1", b.FailureRatio)
	c.must(b.MinCalls >= 1, "Breaker.MinCalls is %d: want at least 1", b.MinCalls)
	c.must(b.Window >= time.Millisecond, "Breaker.Window is %v: want at least 1ms", b.Window)
	c.must(b.OpenFor > 0, "Breaker.OpenFor is %v: want more than 0", b.OpenFor)
	c.must(b.Probes >= 1, "Breaker.Probes is %d: want at least 1", b.Probes)
}

// checks collects what is wrong, so that one look at the message is enough.
type checks struct{ found error }

func (c *checks) must(ok bool, format string, args ...any) {
	if !ok {
		c.found = errors.Join(c.found, fmt.Errorf(format, args...))
	}
}
