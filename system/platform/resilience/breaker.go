package resilience

import (
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// verdict is what one attempt says about the neighbour.
type verdict int

const (
	// neither: the caller left, or we refused the attempt ourselves.
	neither verdict = iota
	healthy
	failing
)

// breaker puts failsafe-go's circuit breaker, which keeps the window and the states, behind a gate of our own. The gate
// adds what the library's executor has no word for:
//
//   - an attempt may end as neither success nor failure, and then gives its place among the probes back;
//   - an attempt that was let out before the breaker changed says nothing about the neighbour of now;
//   - state changes are told one after the other, in the order in which they happened.
//
// A nil breaker lets everything out.
type breaker struct {
	probes int

	mu      sync.Mutex
	circuit circuitbreaker.CircuitBreaker[any]
	epoch   uint64 // number of state changes so far
	probing int    // attempts under way in this half-open state
}

// permit remembers in which epoch an attempt was let out.
type permit struct{ epoch uint64 }

// newBreaker makes a breaker that calls changed for each change, while it holds its lock.
func newBreaker(b Breaker, changed func(sequence uint64, from, to circuitbreaker.State)) *breaker {
	if b == (Breaker{}) {
		return nil
	}
	gate := &breaker{probes: b.Probes}
	gate.circuit = circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(b.FailureRatio, uint(b.MinCalls), b.Window).
		WithSuccessThreshold(uint(b.Probes)).
		WithDelay(b.OpenFor).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			gate.epoch++
			gate.probing = 0
			changed(gate.epoch, e.OldState, e.NewState)
		}).Build()
	return gate
}

// acquire lets an attempt out, unless the neighbour is left alone or enough probes are under way.
func (b *breaker) acquire() (permit, bool) {
	if b == nil {
		return permit{}, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.resting() > 0 {
		return permit{}, false
	}
	if b.circuit.IsOpen() {
		b.circuit.HalfOpen()
	}
	if b.circuit.IsHalfOpen() {
		if b.probing >= b.probes {
			return permit{}, false
		}
		b.probing++
	}
	return permit{epoch: b.epoch}, true
}

// settle takes in what an attempt came to. Each permit is settled once.
func (b *breaker) settle(p permit, v verdict) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.epoch != b.epoch {
		return
	}
	if b.circuit.IsHalfOpen() {
		b.probing--
	}
	switch v {
	case healthy:
		b.circuit.RecordSuccess()
	case failing:
		b.circuit.RecordFailure()
	}
}

// rest is how long the neighbour is still left alone; 0 when an attempt may go out.
func (b *breaker) rest() time.Duration {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.resting()
}

func (b *breaker) resting() time.Duration {
	if !b.circuit.IsOpen() {
		return 0
	}
	return b.circuit.RemainingDelay()
}
