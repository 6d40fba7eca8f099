package eventstest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"stormglass/system/platform/events"
)

// Event makes an event with any payload, also one that does not parse.
func Event(typ, key string, data []byte) events.Event {
	id, err := uuid.NewV7()
	if err != nil {
		panic(fmt.Sprintf("make event id: %v", err)) // the system has no randomness
	}
	return events.Event{
		ID: id.String(), Type: typ, Key: key, Time: time.Now().UTC().Truncate(time.Microsecond), CorrelationID: "request-" + key,
		Trace: map[string]string{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, Data: data,
	}
}
