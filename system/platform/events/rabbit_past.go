package events

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"stormglass/system/platform/problem"
)

// pastSilence is how long the stream of the past may be quiet while there must be more.
const pastSilence = 5 * time.Second

// ensurePast copies to a new queue what was published before it was made. A flag says that this is done; a copy that broke
// off begins again. An event that is published at that very moment may come twice, which the inbox sees.
func (b *rabbit) ensurePast(ctx context.Context, conn *amqp.Connection, q Queue) error {
	whole, err := b.isWhole(conn, q)
	if whole || err != nil {
		return err
	}
	return b.exclusively(conn, q.Name+".copying", func() error {
		if whole, err := b.isWhole(conn, q); whole || err != nil { // by another while we waited
			return err
		}
		if err := within(conn, func(ch *amqp.Channel) error { return b.copyPast(ctx, ch, q) }); err != nil {
			return err
		}
		return within(conn, func(ch *amqp.Channel) error {
			return ch.ExchangeDeclare(wholeFlag(q.Name), amqp.ExchangeFanout, true, false, true, false, nil)
		})
	})
}

func (b *rabbit) isWhole(conn *amqp.Connection, q Queue) (bool, error) {
	return exists(conn, func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(wholeFlag(q.Name), amqp.ExchangeFanout, true, false, true, false, nil)
	})
}

// copyPast puts a mark at the stream's end and copies what the queue takes of all that stands before it.
func (b *rabbit) copyPast(ctx context.Context, ch *amqp.Channel, q Queue) error {
	mark := uuid.NewString()
	end := letter{key: pastStream, Publishing: amqp.Publishing{Headers: amqp.Table{headerMark: mark}, DeliveryMode: amqp.Persistent}}
	if err := b.send(ctx, "mark the past", []letter{end}, nil); err != nil {
		return err
	}
	if err := ch.Qos(publishWindow, 0, false); err != nil {
		return err
	}
	past, err := ch.Consume(pastStream, "", false, false, false, false, amqp.Table{"x-stream-offset": "first"})
	if err != nil {
		return err
	}
	for {
		part, last, err := b.nextOfPast(ctx, past, q, mark)
		if err == nil && len(part) > 0 {
			err = b.send(ctx, "copy the past", part, nil)
		}
		if err != nil || last {
			return err
		}
	}
}

// nextOfPast reads a window of the stream and gives what the queue takes of it. It says whether it met the mark.
func (b *rabbit) nextOfPast(ctx context.Context, past <-chan amqp.Delivery, q Queue, mark string) (part []letter, last bool, err error) {
	quiet := time.NewTimer(pastSilence)
	defer quiet.Stop()
	for n := 1; ; n++ {
		select {
		case d, ok := <-past:
			if !ok {
				return nil, false, errAway
			}
			if d.Headers[headerMark] == mark {
				return part, true, nil
			}
			if e, _ := received(d); slices.Contains(q.Types, e.Type) {
				part = append(part, letter{key: q.Name, Publishing: publishing(e)})
			}
			if n == publishWindow/2 { // the other half is on its way
				return part, false, d.Ack(true)
			}
		case <-quiet.C:
			return nil, false, problem.New(problem.Timeout, "", "the broker does not give the past of %s", q.Name)
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}
