package eventstest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"stormglass/system/platform/events"
)

// deaths are about a server that is killed, so that it finishes nothing.
func deaths() []trial {
	return []trial{
		{"nothing confirmed is lost when the broker is killed", killedIdle},
		{"nothing confirmed is lost when the broker is killed while it is published to", killedPublishing},
		{"every committed event takes effect once though the broker is killed in between", killedBetween},
		{"a broker that lost its data is used again", wiped},
	}
}

func killedIdle(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	sent := made(50)
	publish(t, broker, sent...)
	ack(t, fetch(t, s, 10)...)
	held := fetch(t, s, 10)
	bury(t, held[0], "bad")
	b.ripen(t)
	b.kill()
	b.start()
	arrive(t, s, sent[20:])
	for _, d := range held {
		_ = d.Ack() // from before: it may come again or not
	}
	WaitFor(t, func() error {
		dead, err := broker.DeadLetters(t.Context(), "q.payment")
		if err == nil && len(dead) != 1 {
			err = fmt.Errorf("%d dead letters, want 1", len(dead))
		}
		return err
	})
	works(t, broker, s)
}

// killedPublishing kills the broker while several publish, so that some confirms never come.
func killedPublishing(t *testing.T, b *Backend) {
	const publishers, enough = 4, 200
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	nothing(t, s) // the queue is there
	b.ripen(t)
	var confirmed, unknown []events.Event
	var mu sync.Mutex
	var publishing sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range publishers {
		publishing.Go(func() {
			for ctx.Err() == nil {
				batch := made(7)
				err := broker.Publish(ctx, batch)
				mu.Lock()
				if err == nil {
					confirmed = append(confirmed, batch...)
				} else {
					unknown = append(unknown, batch...)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	WaitFor(t, func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(confirmed) < enough {
			return fmt.Errorf("%d events are confirmed", len(confirmed))
		}
		return nil
	})
	b.kill()
	publishing.Wait()
	b.start()
	if len(unknown) == 0 {
		t.Fatal("no publish was under way when the broker was killed")
	}
	WaitFor(t, func() error { return broker.Publish(t.Context(), unknown) }) // as the outbox does
	for id := range arrive(t, s, slices.Concat(confirmed, unknown)) {
		if !slices.ContainsFunc(slices.Concat(confirmed, unknown), func(e events.Event) bool { return e.ID == id }) {
			t.Errorf("event %s came, which nobody published", id)
		}
	}
}

func wiped(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(1)...)
	ack(t, fetch(t, s, 1)...)
	b.kill()
	b.must(b.server.Wipe())
	b.start()
	sent := made(40)
	WaitFor(t, func() error { return broker.Publish(t.Context(), sent) })
	arrive(t, s, sent)
}
