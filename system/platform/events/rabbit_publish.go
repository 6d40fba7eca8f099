package events

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

// publishWindow is the most events that are published before their confirms are waited for.
const publishWindow = 500

// errUnrouted says that what was to take a message is not there (yet, or any more).
var errUnrouted = errors.New("nothing takes the message")

// letter is a message with the address that it goes to.
type letter struct {
	exchange, key string
	amqp.Publishing
}

// publisher is a channel in confirm mode.
type publisher struct {
	*amqp.Channel
	// returned are messages that could not be routed. It holds a whole window, so that the library never waits for us.
	returned chan amqp.Return
	ended    chan *amqp.Error
}

func (b *rabbit) Publish(ctx context.Context, batch []Event) error {
	for _, e := range batch {
		if err := e.check(); err != nil {
			return err
		}
	}
	for len(batch) > 0 {
		part := batch[:min(len(batch), publishWindow)]
		letters := make([]letter, len(part))
		for i, e := range part {
			letters[i] = letter{eventExchange, e.Type, publishing(e)}
		}
		if err := b.send(ctx, "publish", letters, declareEvents); err != nil {
			return fmt.Errorf("publish %d events: %w", len(part), err)
		}
		for _, e := range part {
			b.sent.WithLabelValues(e.Type).Inc()
		}
		batch = batch[len(part):]
	}
	return nil
}

// send publishes at most a window of messages under the link's policy, and waits until each is confirmed. When nothing
// takes them (a new broker, or one that lost its data), it declares what should, and tries once more.
func (b *rabbit) send(ctx context.Context, operation string, letters []letter, declare func(*amqp.Connection) error) error {
	_, err := resilience.Do(ctx, b.link, resilience.Op{Name: operation, Retry: true}, func(ctx context.Context) (struct{}, error) {
		err := b.out.during(ctx, func(conn *amqp.Connection) error {
			err := b.confirmed(ctx, conn, letters)
			if errors.Is(err, errUnrouted) && declare != nil {
				if err := declare(conn); err != nil {
					return err
				}
				err = b.confirmed(ctx, conn, letters)
			}
			return err
		})
		return struct{}{}, rabbitError(operation, err)
	})
	return err
}

// confirmed publishes messages and waits for the confirms of all. A channel on which something went wrong is not used
// again: a late confirm, or a late return, would be taken for another message's.
func (b *rabbit) confirmed(ctx context.Context, conn *amqp.Connection, letters []letter) error {
	p, err := b.publisher(conn)
	if err != nil {
		return err
	}
	if err := p.confirmed(ctx, letters); err != nil {
		_ = p.Close() // the error says more
		return err
	}
	select {
	case b.idle <- p:
		return nil
	default:
		return p.Close()
	}
}

func (p *publisher) confirmed(ctx context.Context, letters []letter) error {
	confirms := make([]*amqp.DeferredConfirmation, len(letters))
	for i, l := range letters {
		var err error
		if confirms[i], err = p.PublishWithDeferredConfirm(l.exchange, l.key, true, false, l.Publishing); err != nil {
			return p.reason(err)
		}
	}
	for _, c := range confirms {
		done, err := c.WaitContext(ctx)
		if err != nil {
			return err
		}
		if !done {
			return p.reason(problem.New(problem.Unavailable, "broker_nacked", "the broker did not take the event"))
		}
	}
	select {
	case <-p.returned: // a return comes before its confirm
		return errUnrouted
	default:
		return nil
	}
}

// reason says why the server ended the channel, if it did.
func (p *publisher) reason(otherwise error) error {
	if !p.IsClosed() {
		return otherwise
	}
	err, said := <-p.ended
	switch {
	case !said:
		return otherwise
	case err.Code == amqp.NotFound:
		return errUnrouted
	}
	return err
}

// publisher gives a channel of the connection for nobody else.
func (b *rabbit) publisher(conn *amqp.Connection) (*publisher, error) {
	for {
		select {
		case p := <-b.idle:
			if !p.IsClosed() {
				return p, nil
			}
			continue
		default:
		}
		ch, err := conn.Channel()
		if err != nil {
			return nil, err
		}
		p := &publisher{
			Channel:  ch,
			returned: ch.NotifyReturn(make(chan amqp.Return, publishWindow)), ended: ch.NotifyClose(make(chan *amqp.Error, 1)),
		}
		return p, ch.Confirm(false)
	}
}
