package events

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	amqp "github.com/rabbitmq/amqp091-go"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// rabbit is the Broker on RabbitMQ. It publishes over one connection and consumes over another: a server that is short of
// memory or disk stops listening to those who publish, and acknowledgements must still reach it.
type rabbit struct {
	tel     *telemetry.Telemetry
	link    *resilience.Link
	out, in *rabbitConn
	sent    *prometheus.CounterVec
	// idle are channels for publishing that nobody uses now.
	idle chan *publisher

	mu sync.Mutex
	// sessions are those of our subscribers, by queue.
	sessions map[string][]*session
	// alone is held by whoever needs a queue's dead letters or its past for itself, see exclusively.
	alone sync.Mutex
}

// idlePublishers is how many unused channels are kept: a relay, a consumer, and an operator.
const idlePublishers = 4

func connectRabbit(ctx context.Context, tel *telemetry.Telemetry, link *resilience.Link, url string) (Broker, error) {
	if _, err := amqp.ParseURI(url); err != nil { // the error might show the password
		return nil, fmt.Errorf("%w: the broker's URL is not one: want amqp://user:password@host:5672/virtual-host", boot.ErrUsage)
	}
	b := &rabbit{
		tel: tel, link: link, sent: tel.Counter(telemetry.EventsPublished),
		out: newRabbitConn(tel.Log, url, tel.Instance+" publishes"), in: newRabbitConn(tel.Log, url, tel.Instance+" consumes"),
		idle: make(chan *publisher, idlePublishers), sessions: map[string][]*session{},
	}
	b.out.settled(ctx)
	b.in.settled(ctx)
	return b, nil
}

func (b *rabbit) Ping(ctx context.Context) error {
	for _, c := range []*rabbitConn{b.out, b.in} {
		err := c.during(ctx, func(conn *amqp.Connection) error {
			return within(conn, func(*amqp.Channel) error { return nil })
		})
		if err != nil {
			return rabbitError("ping", err)
		}
	}
	return nil
}

func (b *rabbit) Close(context.Context) error {
	b.out.close()
	b.in.close()
	return nil
}

// callLimit is how long the server may take to answer one call, or a few.
const callLimit = 5 * time.Second

// within runs short calls on a channel of their own: most errors end the channel that they happen on.
func within(conn *amqp.Connection, call func(ch *amqp.Channel) error) error {
	return limited(conn, func() error { return atLength(conn, call) })
}

// atLength is within for calls that may take long.
func atLength(conn *amqp.Connection, call func(ch *amqp.Channel) error) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := call(ch); err != nil {
		_ = ch.Close() // the error says more
		return err
	}
	return ch.Close()
}

// limited gives up the connection if calls over it are not answered in time. Heartbeats tell that the server lives, and not
// that it can do anything: after a crash, one of its queues may take in a call and never answer.
func limited(conn *amqp.Connection, calls func() error) error {
	return bounded(callLimit, func() { _ = conn.CloseDeadline(time.Now()) }, calls)
}

// bounded ends calls that take longer than a limit: by giving up, after which they return. Unless the server has answered
// after all, it was silence that ended them.
func bounded(limit time.Duration, giveUp func(), calls func() error) error {
	overdue := time.AfterFunc(limit, giveUp)
	err := calls()
	said, ok := errors.AsType[*amqp.Error](err)
	if inTime := overdue.Stop(); inTime || err == nil || ok && said.Server {
		return err
	}
	return problem.Wrap(err, problem.Timeout, "broker_late", "the broker did not answer in time")
}

// answered says whether the server refused a call with this code.
func answered(err error, code int) bool {
	said, ok := errors.AsType[*amqp.Error](err)
	return ok && said.Code == code
}

// rabbitError tells what an error means. What our events could be refused for is checked before, so whatever the server
// refuses, for want of a right for example, it refuses to all: it is as good as away. Context errors keep their meaning.
func rabbitError(verb string, err error) error {
	if err == nil {
		return nil
	}
	if problem.CodeOf(err) != problem.Internal {
		return fmt.Errorf("%s at broker: %w", verb, err)
	}
	if network, ok := errors.AsType[net.Error](err); ok && network.Timeout() {
		return problem.Wrap(err, problem.Timeout, "broker_late", "the broker did not %s in time", verb)
	}
	return problem.Wrap(err, problem.Unavailable, "broker_away", "the broker cannot %s now", verb)
}
