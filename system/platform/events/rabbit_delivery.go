package events

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// rabbitDelivery is one message of RabbitMQ in a subscriber's hands.
type rabbitDelivery struct {
	b       *rabbit
	queue   string
	session *session
	message amqp.Delivery
	event   Event
	// settled keeps a second word about the event from the broker, which would end the channel for it.
	settled atomic.Bool
}

func (s *rabbitSubscription) receive(m amqp.Delivery) *rabbitDelivery {
	d := &rabbitDelivery{b: s.b, queue: s.queue.Name, session: s.session, message: m}
	d.event, _ = received(m)
	return d
}

func (d *rabbitDelivery) Event() Event { return d.event }

func (d *rabbitDelivery) Ack() error {
	return d.settle(func() error { return d.message.Ack(false) })
}

// Release with a delay keeps the event in our hands for that long and then gives it back. So if this process dies, the
// broker gives it to another at once; the delay is lost, and not the event.
func (d *rabbitDelivery) Release(delay time.Duration) error {
	back := func() error { return d.message.Nack(false, true) }
	if delay <= 0 {
		return d.settle(back)
	}
	time.AfterFunc(delay, func() { _ = d.settle(back) }) // an error says that the channel has ended, and the event is back
	return nil
}

func (d *rabbitDelivery) DeadLetter(ctx context.Context, why Failure) error {
	buried := letter{key: deadQueue(d.queue), Publishing: dead(d.event, why)}
	if err := d.b.send(ctx, "dead_letter", []letter{buried}, declareDead(d.queue)); err != nil {
		return err
	}
	return d.Ack()
}

func (d *rabbitDelivery) settle(how func() error) error {
	if d.settled.Swap(true) {
		return nil
	}
	d.session.unsettled.Add(-1)
	if err := how(); err != nil {
		return fmt.Errorf("settle event %s: %w", d.event.ID, rabbitError("settle", err))
	}
	return nil
}
