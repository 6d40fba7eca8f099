package resilience

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// budget keeps retries a small share of a link's operations, so that they cannot multiply the load on a neighbour that
// is already in trouble: each operation pays in a fraction of a retry, each retry takes out a whole one.
type budget struct {
	ratio, most float64
	available   prometheus.Gauge

	mu   sync.Mutex
	held float64
}

func newBudget(p Policy, available prometheus.Gauge) *budget {
	b := &budget{ratio: p.RetryRatio, most: float64(p.RetryBurst), available: available}
	b.set(b.most)
	return b
}

// deposit is called once for each operation.
func (b *budget) deposit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(min(b.held+b.ratio, b.most))
}

// withdraw takes one retry, if there is one.
func (b *budget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held < 1 {
		return false
	}
	b.set(b.held - 1)
	return true
}

func (b *budget) set(held float64) {
	b.held = held
	b.available.Set(held)
}
