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

const (
	// noticed is the time within which a subscriber must know that its broker has fallen silent: a few seconds, and room for a
	// busy machine. By their own settings the client libraries take minutes.
	noticed = 20 * time.Second
	// back is the time within which a broker must be used again once it can be, likewise.
	back = 20 * time.Second
)

// trial is one case of the suite.
type trial struct {
	name string
	run  func(t *testing.T, b *Backend)
}

// Run runs the whole suite on a kind of broker.
func Run(t *testing.T, k Kind) {
	for _, c := range slices.Concat(deliveries(), deadLetters(), outages(), consumers()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := k.Shared(t)
			b.kind = k
			c.run(t, b)
		})
	}
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		server := k.Own(t)
		for _, c := range deaths() {
			t.Run(c.name, func(t *testing.T) {
				b := k.Empty(t, server)
				b.kind = k
				c.run(t, b)
			})
		}
	})
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
	WaitFor(t, func() error {
		batch, err := s.Fetch(t.Context(), n-len(all))
		all = append(all, batch...)
		if len(all) < n {
			return fmt.Errorf("got %d of %d events: %v", len(all), n, err)
		}
		return nil
	})
	return all
}

// arrive takes events, and acknowledges them, until each of those has come. It gives how often each came.
func arrive(t *testing.T, s events.Subscription, want []events.Event) map[string]int {
	t.Helper()
	seen := map[string]int{}
	missing := func() (n int) {
		for _, e := range want {
			if seen[e.ID] == 0 {
				n++
			}
		}
		return n
	}
	WaitFor(t, func() error {
		batch, err := s.Fetch(t.Context(), 100)
		for _, d := range batch {
			seen[d.Event().ID]++
			_ = d.Ack() // one that is lost means one more delivery
		}
		if n := missing(); n > 0 {
			return fmt.Errorf("%d of %d events are missing: %v", n, len(want), err)
		}
		return nil
	})
	return seen
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
	for i, id := range ids(got) {
		if len(got) != len(all) || id != all[i] {
			t.Fatalf("event %d of %d is %s, want %s of %d", i, len(got), id, all[min(i, len(all)-1)], len(all))
		}
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
