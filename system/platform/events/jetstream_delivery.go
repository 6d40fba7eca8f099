package events

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Words of JetStream's acknowledgement protocol.
var (
	ackWord      = []byte("+ACK")
	progressWord = []byte("+WPI")
)

// delivery is one message of JetStream in a subscriber's hands.
type delivery struct {
	s        *pullSubscription
	m        *nats.Msg
	event    Event
	sequence uint64
}

func (d *delivery) Event() Event { return d.event }

func (d *delivery) Ack() error { return d.settle(ackWord) }

func (d *delivery) Release(delay time.Duration) error {
	if delay <= 0 {
		return d.settle([]byte("-NAK"))
	}
	return d.settle([]byte(`-NAK {"delay":` + strconv.FormatInt(int64(delay), 10) + `}`))
}

func (d *delivery) DeadLetter(ctx context.Context, why Failure) error {
	if err := d.s.b.bury(ctx, d.s.queue.Name, d, why); err != nil {
		return err
	}
	return d.Ack()
}

// settle ends our hold of the event whether the word arrives or not: without it the event comes again after ackWait.
func (d *delivery) settle(how []byte) error {
	d.s.held.remove(d)
	if err := d.s.b.conn.Publish(d.m.Reply, how); err != nil {
		return fmt.Errorf("settle event %s: %w", d.event.ID, brokerError("settle", err))
	}
	return nil
}

// held is the set of events in a subscriber's hands.
type held struct {
	mu     sync.Mutex
	tokens map[*delivery]struct{}
}

func (h *held) add(d *delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens[d] = struct{}{}
}

func (h *held) remove(d *delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.tokens, d)
}

func (h *held) all() []*delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*delivery, 0, len(h.tokens))
	for d := range h.tokens {
		all = append(all, d)
	}
	return all
}

// keepAlive tells the broker now and then that the events in hand are being worked on.
func (h *held) keepAlive(ctx context.Context) {
	tick := time.NewTicker(ackWait / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, d := range h.all() {
				_ = d.s.b.conn.Publish(d.m.Reply, progressWord) // an unheard one costs a second delivery at worst
			}
		case <-ctx.Done():
			return
		}
	}
}

func (h *held) releaseAll() error {
	var failed error
	for _, d := range h.all() {
		failed = errors.Join(failed, d.Release(0))
	}
	return failed
}
