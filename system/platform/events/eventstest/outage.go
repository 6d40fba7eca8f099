package eventstest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
)

func absent(t *testing.T, b Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(1)...)
	d := fetch(t, s, 1)[0]
	b.Stop()
	start := time.Now()
	WaitFor(t, patience, func() error { // the loss may be noticed a moment later
		if broker.Ping(t.Context()) == nil {
			return errors.New("the broker still answers")
		}
		return nil
	})
	wantOutage(t, "publish", broker.Publish(t.Context(), made(30)))
	_, err := s.Fetch(t.Context(), 10)
	wantOutage(t, "fetch", err)
	_, err = s.Backlog(t.Context())
	wantOutage(t, "backlog", err)
	wantOutage(t, "dead-letter", d.DeadLetter(t.Context(), events.Failure{Reason: "bad"}))
	_, err = broker.DeadLetters(t.Context(), "q.payment")
	wantOutage(t, "list dead letters", err)
	_, err = broker.Redrive(t.Context(), "q.payment", "x")
	wantOutage(t, "redrive", err)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v to learn that the broker is away", took)
	}
}

func restart(t *testing.T, b Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	sent := made(50)
	publish(t, broker, sent...)
	ack(t, fetch(t, s, 10)...)
	held := fetch(t, s, 10)
	b.Stop()
	b.Start()
	seen := map[string]bool{}
	WaitFor(t, patience, func() error {
		batch, err := s.Fetch(t.Context(), 100)
		for _, d := range batch {
			seen[d.Event().ID] = true
			ack(t, d)
		}
		for _, e := range sent[20:] {
			if !seen[e.ID] {
				return fmt.Errorf("%d of 30 events are back: %v", len(seen), err)
			}
		}
		return nil
	})
	for _, d := range held {
		_ = d.Ack() // held from before: it may come again or not
	}
	more := made(3)
	WaitFor(t, patience, func() error { return broker.Publish(t.Context(), more) })
	var got []string
	WaitFor(t, patience, func() error {
		batch, err := s.Fetch(t.Context(), 100)
		for _, d := range batch {
			if slices.ContainsFunc(more, func(e events.Event) bool { return e.ID == d.Event().ID }) {
				got = append(got, d.Event().ID)
			}
			ack(t, d)
		}
		if len(got) < len(more) {
			return fmt.Errorf("%d of %d new events came: %v", len(got), len(more), err)
		}
		return nil
	})
}

func wiped(t *testing.T, b Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(1)...)
	ack(t, fetch(t, s, 1)...)
	b.Stop()
	b.Wipe()
	b.Start()
	sent := made(40)
	WaitFor(t, patience, func() error { return broker.Publish(t.Context(), sent) })
	wantIDs(t, fetch(t, s, len(sent)), sent)
}

func refused(t *testing.T, b Backend) {
	broker := b.Connect()
	for _, e := range []events.Event{
		Event("", "k", nil),
		Event("Order Created", "k", nil),
		Event("order.*", "k", nil),
		Event("order.created.v1", "k", []byte(strings.Repeat("x", events.MaxData+1))),
		{Type: "order.created.v1"},
	} {
		wantCode(t, broker.Publish(t.Context(), []events.Event{e}), problem.Invalid)
	}
	_, err := broker.Subscribe(t.Context(), queue("Q !"))
	wantCode(t, err, problem.Invalid)
	_, err = broker.Subscribe(t.Context(), events.Queue{Name: "q.payment"})
	wantCode(t, err, problem.Invalid)
}
