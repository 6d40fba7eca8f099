package eventstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// consumers are about what the broker and the inbox do together.
func consumers() []trial {
	return []trial{
		{"an event that is published again takes effect once", onceInEffect},
		{"an event that keeps failing is given up after its attempts", boundedRetry},
	}
}

// effects counts what a consumer's handlers did and committed.
type effects struct {
	mu    sync.Mutex
	by    map[string]int
	calls int
}

// consume runs a consumer with an inbox until the test ends; say may make its handler fail.
func consume(t *testing.T, broker events.Broker, say func(events.Event) error) *effects {
	t.Helper()
	done := &effects{by: map[string]int{}}
	consumer := events.NewConsumer(telemetry.Discard("payment"), storetest.Open(t, storetest.SQLite(t), events.Migrations()), broker, events.ConsumerConfig{
		Queue: "q.payment", Attempts: 3, RetryDelay: 20 * time.Millisecond,
		Handlers: map[string]events.Handler{"order.created.v1": func(_ context.Context, tx *store.Tx, e events.Event) error {
			done.mu.Lock()
			defer done.mu.Unlock()
			done.calls++
			tx.AfterCommit(func() {
				done.mu.Lock()
				defer done.mu.Unlock()
				done.by[e.ID]++
			})
			return say(e)
		}},
	})
	background(t, consumer.Run)
	return done
}

// background runs work until the test ends, and waits for it.
func background(t *testing.T, work func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := work(ctx); err != nil {
			t.Errorf("in the background: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
}

// want waits until these events, and no others, have taken effect once.
func (d *effects) want(t *testing.T, sent []events.Event) {
	t.Helper()
	WaitFor(t, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if len(d.by) != len(sent) {
			return fmt.Errorf("%d events took effect, want %d", len(d.by), len(sent))
		}
		return nil
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range sent {
		if d.by[e.ID] != 1 {
			t.Errorf("event %s took effect %d times, want once", e.ID, d.by[e.ID])
		}
	}
}

func fine(events.Event) error { return nil }

// settled waits until nothing is left at the broker.
func settled(t *testing.T, broker events.Broker) {
	t.Helper()
	s := subscribe(t, broker, queue("q.payment"))
	WaitFor(t, func() error {
		b, err := s.Backlog(t.Context())
		if err == nil && b.Waiting > 0 {
			err = fmt.Errorf("%d events wait", b.Waiting)
		}
		return err
	})
}

func onceInEffect(t *testing.T, b *Backend) {
	broker := b.Connect()
	sent := made(30)
	publish(t, broker, sent...)
	done := consume(t, broker, fine)
	publish(t, broker, sent...)
	publish(t, broker, sent[7])
	done.want(t, sent)
	settled(t, broker)
	done.want(t, sent) // still
}

func boundedRetry(t *testing.T, b *Backend) {
	broker := b.Connect()
	sent := made(5)
	bad := sent[2]
	done := consume(t, broker, func(e events.Event) error {
		if e.ID == bad.ID {
			return errors.New("the amount is negative")
		}
		return nil
	})
	publish(t, broker, sent...)
	var dead []events.DeadLetter
	WaitFor(t, func() (err error) {
		dead, err = events.ListDead(t.Context(), broker, "q.payment")
		if err == nil && len(dead) == 0 {
			err = errors.New("no dead letter yet")
		}
		return err
	})
	if d := dead[0]; len(dead) != 1 || d.ID != bad.ID || d.Attempts != 3 || d.Reason != "the amount is negative" {
		t.Errorf("got the dead letters %+v, want event %s after 3 attempts", dead, bad.ID)
	}
	done.want(t, append(append([]events.Event(nil), sent[:2]...), sent[3:]...))
	settled(t, broker)
}

// killedBetween commits events at a producer while the broker is killed and starts again.
func killedBetween(t *testing.T, b *Backend) {
	broker := b.Connect()
	tel := telemetry.Discard("order")
	db := storetest.Open(t, storetest.SQLite(t), events.Migrations())
	outbox := events.NewOutbox(tel, db, broker, "order")
	background(t, outbox.Run)
	done := consume(t, broker, fine)
	var sent []events.Event
	commit := func(n int) {
		t.Helper()
		for range n {
			batch := made(10)
			err := db.InTx(t.Context(), "place", func(ctx context.Context, tx *store.Tx) error { return outbox.Add(ctx, tx, batch...) })
			if err != nil {
				t.Fatal(err)
			}
			sent = append(sent, batch...)
		}
	}
	commit(1)
	done.want(t, sent)
	b.ripen(t)
	commit(30) // the relay and the consumer are busy with them when the broker dies
	b.kill()
	commit(10)
	b.start()
	commit(10)
	done.want(t, sent)
	settled(t, broker)
	if dead, err := broker.DeadLetters(t.Context(), "q.payment"); err != nil || len(dead) > 0 {
		t.Errorf("got %d dead letters and %v, want none", len(dead), err)
	}
}
