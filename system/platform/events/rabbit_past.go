package events

import (
	"context"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// pastKept is how many events the past has at most, and pastBytes how large they are together.
	pastKept  = 20_000
	pastBytes = 64 << 20
	// pushSilence is how long the broker may take to push the next of the messages that it counted.
	pushSilence = 2 * time.Second
)

// ensurePast copies to a new queue what was published before it was made. A flag says that this is done; a copy that broke
// off begins again. An event that is published at that very moment may come twice, which the inbox sees.
func (b *rabbit) ensurePast(ctx context.Context, conn *amqp.Connection, q Queue) error {
	whole, err := isWhole(conn, q)
	if whole || err != nil {
		return err
	}
	return b.exclusively(conn, pastQueue+".open", func() error {
		if whole, err := isWhole(conn, q); whole || err != nil { // made so by another while we waited
			return err
		}
		if err := b.copyPast(ctx, conn, q); err != nil {
			return err
		}
		return within(conn, func(ch *amqp.Channel) error {
			return ch.ExchangeDeclare(wholeFlag(q.Name), amqp.ExchangeFanout, true, false, true, false, nil)
		})
	})
}

func isWhole(conn *amqp.Connection, q Queue) (bool, error) {
	return exists(conn, func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(wholeFlag(q.Name), amqp.ExchangeFanout, true, false, true, false, nil)
	})
}

// copyPast sends the queue what it takes of the past, in windows.
func (b *rabbit) copyPast(ctx context.Context, conn *amqp.Connection, q Queue) error {
	var part []letter
	flush := func() error {
		if len(part) == 0 {
			return nil
		}
		err := b.send(ctx, "copy_past", part, nil)
		part = part[:0]
		return err
	}
	err := hold(ctx, conn, pastQueue, func(m amqp.Delivery) error {
		e, _ := received(m)
		if slices.Contains(q.Types, e.Type) {
			part = append(part, letter{key: q.Name, Publishing: publishing(e)})
		}
		if len(part) < publishWindow {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// hold shows visit all messages of a queue. What visit does not acknowledge is given back at the end, and nobody else gets it
// before; so nobody else may look at that queue meanwhile, see exclusively.
func hold(ctx context.Context, conn *amqp.Connection, queue string, visit func(amqp.Delivery) error) error {
	return atLength(conn, func(ch *amqp.Channel) error {
		counted, err := ch.QueueDeclarePassive(queue, true, false, false, false, nil)
		if err != nil {
			return err
		}
		pushed, err := ch.Consume(queue, "", false, false, false, false, nil)
		if err != nil {
			return err
		}
		quiet := time.NewTimer(pushSilence)
		defer quiet.Stop()
		for range counted.Messages {
			quiet.Reset(pushSilence)
			select {
			case m, ok := <-pushed:
				if !ok {
					return errAway
				}
				if err := visit(m); err != nil {
					return err
				}
			case <-quiet.C: // another took what was counted
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
}
