// Package eventstest says what every broker must do behind platform/events: one suite for all adapters. It also brings
// the broker that tests of services use.
package eventstest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
)

// patience bounds each wait of the suite.
const patience = 15 * time.Second

// Backend is a broker's server that a test may stop.
type Backend interface {
	// Connect gives a connection of its own, which ends with the test.
	Connect() events.Broker
	Stop()
	Start()
	// Wipe makes the next Start begin without data.
	Wipe()
}

// Run runs the whole suite; start gives a new, empty backend for each test.
func Run(t *testing.T, start func(t *testing.T) Backend) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, b Backend)
	}{
		{"an event arrives as it was sent", arrivesAsSent},
		{"an event that was published before the first subscriber came arrives", arrivesLate},
		{"each queue gets each event, and takes only its types", eachQueue},
		{"two subscribers of a queue share its events", shared},
		{"an event that is published twice arrives once", publishedTwice},
		{"a batch with an event that is known already arrives whole", batchWithKnown},
		{"a large batch arrives whole and in order", largeBatch},
		{"an acknowledged event does not come again", acknowledged},
		{"a released event comes again", released},
		{"a released event comes again only after its delay", releasedWithDelay},
		{"an event in hand is not given to others", inHand},
		{"a subscriber that leaves gives back what it held", leaves},
		{"a dead letter keeps the event and says why", deadLetter},
		{"a dead letter that is buried twice is one", buriedTwice},
		{"a redriven event reaches only the queue that failed", redriven},
		{"the redrive of what is not there is not found", redriveMissing},
		{"the backlog counts what waits and what is dead", backlog},
		{"fetch on an empty queue ends with nothing", emptyFetch},
		{"an absent broker is an outage and not a hang", absent},
		{"nothing confirmed is lost by a restart of the broker", restart},
		{"a broker that lost its data is used again", wiped},
		{"an event that cannot travel is refused", refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, start(t))
		})
	}
}

// queue is one that takes what made gives.
func queue(name string) events.Queue {
	return events.Queue{Name: name, Types: []string{"order.created.v1", "order.cancelled.v1"}}
}

// made gives n events that look like those of a service.
func made(n int) []events.Event {
	all := make([]events.Event, n)
	for i := range all {
		all[i] = Event("order.created.v1", fmt.Sprintf("order-%d", i), fmt.Appendf(nil, "payload %d", i))
	}
	return all
}

func publish(t *testing.T, b events.Broker, batch ...events.Event) {
	t.Helper()
	if err := b.Publish(t.Context(), batch); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

func subscribe(t *testing.T, b events.Broker, q events.Queue) events.Subscription {
	t.Helper()
	s, err := b.Subscribe(t.Context(), q)
	if err != nil {
		t.Fatalf("subscribe to %s: %v", q.Name, err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) }) // a second Close in tests that leave by themselves
	return s
}

// fetch collects n deliveries, which may come in several batches.
func fetch(t *testing.T, s events.Subscription, n int) []events.Delivery {
	t.Helper()
	var all []events.Delivery
	WaitFor(t, patience, func() error {
		batch, err := s.Fetch(t.Context(), n-len(all))
		all = append(all, batch...)
		if len(all) < n {
			return fmt.Errorf("got %d of %d events: %v", len(all), n, err)
		}
		return nil
	})
	return all
}

// nothing says that no event comes.
func nothing(t *testing.T, s events.Subscription) {
	t.Helper()
	batch, err := s.Fetch(t.Context(), 10)
	if err != nil || len(batch) > 0 {
		t.Fatalf("got %d events and error %v, want none of both", len(batch), err)
	}
}

func ack(t *testing.T, batch ...events.Delivery) {
	t.Helper()
	for _, d := range batch {
		if err := d.Ack(); err != nil {
			t.Fatalf("acknowledge: %v", err)
		}
	}
}

func ids(batch []events.Delivery) []string {
	var out []string
	for _, d := range batch {
		out = append(out, d.Event().ID)
	}
	return out
}

func wantIDs(t *testing.T, got []events.Delivery, want []events.Event) {
	t.Helper()
	var all []string
	for _, e := range want {
		all = append(all, e.ID)
	}
	if !slices.Equal(ids(got), all) {
		t.Fatalf("got events %v, want %v", ids(got), all)
	}
}

func wantOutage(t *testing.T, what string, err error) {
	t.Helper()
	if !problem.CodeOf(err).Outage() {
		t.Errorf("%s: got %v, want an outage", what, err)
	}
}

func wantCode(t *testing.T, err error, code problem.Code) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Errorf("got %v, want code %s", err, code)
	}
}
