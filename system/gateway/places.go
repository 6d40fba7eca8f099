package gateway

import (
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/telemetry"
)

// Reasons of what is turned away at the door.
const (
	shedRate        = "rate_limit"
	shedConcurrency = "concurrency"
)

// placeSettings bound how much is under way at once.
type placeSettings struct {
	// Requests is how many are served at once: twice what one link's bulkhead lets out, and then some, so that one dark
	// neighbour cannot take all places.
	Requests int64 `env:"CONCURRENCY_LIMIT" envDefault:"256"`
	// Streams is how many orders are watched at once. They cost memory, hardly any work.
	Streams int64 `env:"STREAM_LIMIT" envDefault:"2048"`
}

// places are taken by requests while they are served. Who is about to buy finds one when browsers no longer do: their
// last fifth is for them.
type places struct {
	settings          placeSettings
	requests, streams atomic.Int64
	shed              *prometheus.CounterVec
}

func newPlaces(s placeSettings, shed *prometheus.CounterVec) *places {
	return &places{settings: s, shed: shed}
}

func newShed(tel *telemetry.Telemetry) *prometheus.CounterVec {
	shed := tel.Counter(telemetry.GatewayShed)
	shed.WithLabelValues(shedRate)
	shed.WithLabelValues(shedConcurrency)
	return shed
}

// enter takes a place until leave is called.
func (p *places) enter(rt route) (leave func(), err error) {
	taken, limit := &p.requests, p.settings.Requests
	switch {
	case rt.stream:
		taken, limit = &p.streams, p.settings.Streams
	case !rt.buying:
		limit -= limit / 5
	}
	if taken.Add(1) > limit {
		taken.Add(-1)
		p.shed.WithLabelValues(shedConcurrency).Inc()
		return nil, newProblem(http.StatusServiceUnavailable, "overloaded", "the shop has too much to do just now: come back after Retry-After").after(comeBack)
	}
	return func() { taken.Add(-1) }, nil
}
