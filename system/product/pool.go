package product

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/event"

	"stormglass/system/platform/telemetry"
)

// pool shows the driver's connection pool in the metrics that every database has.
type pool struct {
	states  *prometheus.GaugeVec
	pending prometheus.Counter

	mu         sync.Mutex
	open, used int
}

func newPool(tel *telemetry.Telemetry) *pool {
	tel.Gauge(telemetry.DBConnMax).WithLabelValues().Set(connections)
	p := &pool{states: tel.Gauge(telemetry.DBConnections), pending: tel.Counter(telemetry.DBPending).WithLabelValues()}
	p.count(0, 0)
	return p
}

func (p *pool) monitor() *event.PoolMonitor {
	return &event.PoolMonitor{Event: func(e *event.PoolEvent) {
		switch e.Type {
		case event.ConnectionCreated:
			p.count(1, 0)
		case event.ConnectionClosed:
			p.count(-1, 0)
		case event.ConnectionCheckOutStarted:
			p.ask()
		case event.ConnectionCheckedOut:
			p.count(0, 1)
		case event.ConnectionCheckedIn:
			p.count(0, -1)
		}
	}}
}

func (p *pool) count(open, used int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open, p.used = p.open+open, p.used+used
	p.states.WithLabelValues("used").Set(float64(p.used))
	p.states.WithLabelValues("idle").Set(float64(p.open - p.used))
}

// ask counts those who find every connection taken.
func (p *pool) ask() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used >= connections {
		p.pending.Inc()
	}
}
