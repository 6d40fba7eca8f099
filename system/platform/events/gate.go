package events

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"stormglass/system/platform/telemetry"
)

// The pauses between probes while a dependency is away.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
)

// Gate lets work through while all is well. After an outage it lets through one probe at a time, after growing pauses,
// until one succeeds. Then it opens, but for a little at first, and for twice as much after each success: what is only slow
// takes a few events in time, and would be called away for ever if all that waited came at once. It belongs to one goroutine.
//
//	      outage                outage: the pause doubles
//	open ────────▶ pause ──▶ probe ──┐
//	 ▲               ▲───────────────┘
//	 └── success ◀───────────┘
type Gate struct {
	paused  prometheus.Gauge
	log     zerolog.Logger
	backlog string
	// pause is that between the last probe and the next; 0 while the gate is open. until is when the next may go.
	pause time.Duration
	until time.Time
	// most is how much may be taken at once after an outage; 0: as much as anybody wants.
	most int
}

// enough is more than anybody takes at once.
const enough = 1024

// NewGate makes the gate of a backlog, such as "q.payment".
func NewGate(tel *telemetry.Telemetry, backlog string) *Gate {
	g := &Gate{paused: tel.Gauge(telemetry.BacklogPaused).WithLabelValues(backlog), log: tel.Log, backlog: backlog}
	g.paused.Set(0)
	return g
}

// Open says that no outage is known.
func (g *Gate) Open() bool { return g.pause == 0 }

// Limit is how much may be taken at once: one as a probe, twice as much after each success, and all of full in the end.
func (g *Gate) Limit(full int) int {
	if g.most > 0 {
		return min(g.most, full)
	}
	return full
}

// Rest is how long to wait before the next probe; 0 when nothing need be waited for.
func (g *Gate) Rest() time.Duration {
	if g.Open() {
		return 0
	}
	return max(0, time.Until(g.until))
}

// Wait waits out the rest of the pause. The error is that of ctx.
func (g *Gate) Wait(ctx context.Context) error {
	if rest := g.Rest(); rest > 0 {
		timer := time.NewTimer(rest)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// Outage closes the gate, or doubles its pause.
func (g *Gate) Outage(err error) {
	if g.Open() {
		g.paused.Set(1)
		g.log.Warn().Err(err).Str("backlog", g.backlog).Msg("paused: a dependency is away")
		g.pause = firstPause
	} else {
		g.pause = min(2*g.pause, lastPause)
	}
	g.until, g.most = time.Now().Add(g.pause), 1
}

// Passed opens the gate, or opens it wider.
func (g *Gate) Passed() {
	if g.most *= 2; g.most > enough {
		g.most = 0
	}
	if g.Open() {
		return
	}
	g.pause = 0
	g.paused.Set(0)
	g.log.Info().Str("backlog", g.backlog).Msg("resumed")
}
