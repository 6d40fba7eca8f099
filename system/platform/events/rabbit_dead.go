package events

import (
	"context"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"
)

func (b *rabbit) DeadLetters(ctx context.Context, queue string) ([]DeadLetter, error) {
	found := make(chan []DeadLetter, 1)
	err := b.in.during(ctx, func(conn *amqp.Connection) error {
		var dead []DeadLetter
		err := b.eachDead(ctx, conn, queue, func(d DeadLetter) (bool, error) {
			dead = append(dead, d)
			return false, nil
		})
		found <- dead
		return err
	})
	if err != nil {
		return nil, rabbitError("list dead letters", err)
	}
	return oldestFirst(<-found), nil
}

// Redrive publishes first and takes off afterwards. What breaks off in between is sent twice, which the inbox sees.
func (b *rabbit) Redrive(ctx context.Context, queue string, ids ...string) (int, error) {
	sent := make(chan []string, 1)
	err := b.in.during(ctx, func(conn *amqp.Connection) error {
		var done []string
		err := b.eachDead(ctx, conn, queue, func(d DeadLetter) (bool, error) {
			if len(ids) > 0 && !slices.Contains(ids, d.ID) {
				return false, nil
			}
			again := letter{key: queue, Publishing: publishing(d.Event)}
			if err := b.send(ctx, "redrive", []letter{again}, nil); err != nil {
				return false, err
			}
			done = append(done, d.ID)
			return true, nil
		})
		sent <- done
		return err
	})
	var done []string
	select {
	case done = <-sent:
	default: // ctx ended first
	}
	if err != nil {
		return len(done), rabbitError("redrive", err)
	}
	for _, id := range ids {
		if !slices.Contains(done, id) {
			return len(done), noDeadLetter(queue, id)
		}
	}
	return len(done), nil
}

// eachDead shows every dead letter of a queue to visit, which says whether to take it off. It holds all of them meanwhile
// and gives back what stays; nobody else may do so at the same time, and would see only a part. Of those that are there
// twice, one is taken off.
func (b *rabbit) eachDead(ctx context.Context, conn *amqp.Connection, queue string, visit func(DeadLetter) (off bool, err error)) error {
	name := deadQueue(queue)
	there, err := exists(conn, func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
		return err
	})
	if !there || err != nil {
		return err
	}
	return b.exclusively(conn, name+".open", func() error {
		seen := map[string]bool{}
		return hold(ctx, conn, name, func(m amqp.Delivery) error {
			e, why := received(m)
			off := seen[e.ID]
			if !off {
				seen[e.ID] = true
				var err error
				if off, err = visit(DeadLetter{Event: e, Queue: queue, Failure: why}); err != nil {
					return err
				}
			}
			if off {
				return m.Ack(false)
			}
			return nil
		})
	})
}
