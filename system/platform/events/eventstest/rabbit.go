package eventstest

import (
	"testing"

	"stormglass/system/platform/backendtest"
	"stormglass/system/platform/events"
	"stormglass/system/platform/telemetry"
)

// Rabbit is ...
type Rabbit struct {
	tb  testing.TB
	url string
}

func StartRabbit(tb testing.TB) *Rabbit {
	return &Rabbit{tb, backendtest.VirtualHost(tb, backendtest.RabbitMQ(tb)).String()}
}
func (r *Rabbit) Connect() events.Broker { return Connect(r.tb, telemetry.Discard("test"), r.url) }
func (r *Rabbit) Stop()  { r.tb.Skip("later") }
func (r *Rabbit) Start() {}
func (r *Rabbit) Wipe()  {}
