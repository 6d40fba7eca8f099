package events

import (
	"context"
	"errors"

	amqp "github.com/rabbitmq/amqp091-go"

	"stormglass/system/platform/problem"
)

// What the broker holds. All queues are replicated and written to disk before a confirm (quorum queues).
//
//	publish ─▶ shop.events ─┬─ type ─▶ q.payment ──▶ subscriber ──▶ q.payment.dead
//	           (topic)      ├─ type ─▶ q.shipping      ▲
//	                        └─ all ──▶ shop.past ─ ─ ─ ┘ copied once, when the queue is made
//	                                   (the last 20,000)
//
// A queue gets what is published after it was made; the past has what was published before, so no event is lost for want of
// a queue, whichever service starts first. (A stream would have room for more, but does not write to disk before it confirms.) An event that nothing takes, not even the past, is returned to its publisher
// (mandatory), and published again once all of this is there.
//
// A type that a queue no longer takes stays bound until somebody unbinds it; its events become dead letters.

// declareEvents makes the exchange and the past. The past is there before anything else can be bound.
func declareEvents(conn *amqp.Connection) error {
	past := quorum(conn)
	past["x-max-length"], past["x-max-length-bytes"] = int32(pastKept), int32(pastBytes)
	if err := declareQueue(conn, pastQueue, past); err != nil {
		return err
	}
	return within(conn, func(ch *amqp.Channel) error {
		if err := ch.ExchangeDeclare(eventExchange, amqp.ExchangeTopic, true, false, false, false, nil); err != nil {
			return err
		}
		return ch.QueueBind(pastQueue, "#", eventExchange, false, nil)
	})
}

// declareDead makes the queue of a queue's dead letters.
func declareDead(queue string) func(*amqp.Connection) error {
	return func(conn *amqp.Connection) error { return declareQueue(conn, deadQueue(queue), quorum(conn)) }
}

// quorum gives the arguments of a queue that keeps an event until it is settled, however often it is delivered. From
// version 4 on RabbitMQ would give up after 20 deliveries.
func quorum(conn *amqp.Connection) amqp.Table {
	table := amqp.Table{"x-queue-type": "quorum"}
	switch major(conn) {
	case "2", "3": // they have no limit, and no word for that
	default:
		table["x-delivery-limit"] = int32(-1)
	}
	return table
}

// declareQueue makes a queue that is not there. One that is there stays as it is, also one of an older release.
func declareQueue(conn *amqp.Connection, name string, table amqp.Table) error {
	there, err := exists(conn, func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
		return err
	})
	if there || err != nil {
		return err
	}
	return within(conn, func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(name, true, false, false, false, table)
		return err
	})
}

// exists asks for something that may be missing.
func exists(conn *amqp.Connection, ask func(ch *amqp.Channel) error) (bool, error) {
	err := within(conn, ask)
	if answered(err, amqp.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// ensureQueue makes whatever is missing of a queue, its dead letters, and its part of the past.
func (b *rabbit) ensureQueue(ctx context.Context, conn *amqp.Connection, q Queue) error {
	if err := errors.Join(declareEvents(conn), declareDead(q.Name)(conn)); err != nil {
		return err
	}
	table := quorum(conn)
	// Whatever an operator's policy makes the broker give up goes where we would put it.
	table["x-dead-letter-exchange"], table["x-dead-letter-routing-key"] = "", deadQueue(q.Name)
	table["x-dead-letter-strategy"], table["x-overflow"] = "at-least-once", "reject-publish"
	if err := declareQueue(conn, q.Name, table); err != nil {
		return err
	}
	err := within(conn, func(ch *amqp.Channel) error {
		for _, t := range q.Types {
			if err := ch.QueueBind(q.Name, t, eventExchange, false, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.ensurePast(ctx, conn, q)
}

// exclusively runs work that nobody else may do at the same time, here or in any other process: an exclusive queue of that
// name is the sign, and the broker removes it if our connection is lost.
func (b *rabbit) exclusively(conn *amqp.Connection, name string, work func() error) error {
	b.alone.Lock()
	defer b.alone.Unlock()
	err := within(conn, func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(name, false, false, true, false, nil)
		return err
	})
	if answered(err, amqp.ResourceLocked) {
		return problem.New(problem.Unavailable, "broker_busy", "somebody else holds %s: try again", name)
	}
	if err != nil {
		return err
	}
	err = work()
	return errors.Join(err, within(conn, func(ch *amqp.Channel) error {
		_, err := ch.QueueDelete(name, false, false, false)
		return err
	}))
}
