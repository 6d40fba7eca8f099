package cart

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"stormglass/system/platform/telemetry"
)

// pool shows the client's connection pool, as it is at the moment of a scrape, in the metrics that every database has.
type pool struct {
	client                      *redis.Client
	connections, limit, pending *prometheus.Desc
}

func newPool(client *redis.Client) *pool {
	return &pool{client, desc(telemetry.DBConnections), desc(telemetry.DBConnMax), desc(telemetry.DBPending)}
}

func desc(m telemetry.Metric) *prometheus.Desc {
	return prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
}

// Describe names the metrics.
func (p *pool) Describe(to chan<- *prometheus.Desc) {
	to <- p.connections
	to <- p.limit
	to <- p.pending
}

// Collect reads the pool.
func (p *pool) Collect(to chan<- prometheus.Metric) {
	s := p.client.PoolStats()
	to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(s.TotalConns)-float64(s.IdleConns), "used")
	to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(s.IdleConns), "idle")
	to <- prometheus.MustNewConstMetric(p.limit, prometheus.GaugeValue, connections)
	to <- prometheus.MustNewConstMetric(p.pending, prometheus.CounterValue, float64(s.WaitCount))
}
