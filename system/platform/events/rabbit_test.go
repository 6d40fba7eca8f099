package events_test

import (
	"testing"

	"stormglass/system/platform/events/eventstest"
)

func TestRabbitMQDoesWhatABrokerMust(t *testing.T) {
	t.Parallel()
	eventstest.Run(t, eventstest.RabbitMQ())
}
