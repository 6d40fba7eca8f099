package events

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// Queue is a durable, named share of all events: every event of its types reaches one of its subscribers, also events
// that happened before the first subscriber came.
type Queue struct {
	// Name is such as "q.payment". Its dead letters are in "q.payment.dead".
	Name string
	// Types are the event types that it takes.
	Types []string
}

// check says what would keep a queue from being made.
func (q Queue) check() error {
	if !word.MatchString(q.Name) || len(q.Types) == 0 {
		return problem.New(problem.Invalid, "", "queue %q with %d types: want a name such as q.payment, and at least one type", q.Name, len(q.Types))
	}
	return nil
}

// Broker is the port to a message broker. It is safe for concurrent use. An absent broker is problem.Unavailable or
// problem.Timeout, never a hang and never a panic.
type Broker interface {
	// Publish returns nil when the broker has confirmed that every event of the batch is durable; an event that it knew
	// already counts as confirmed. After an error any of them may be there. Publishing them again is harmless: an event
	// may then be delivered more than once, some brokers see to it that it is not, and the inbox makes its effect one.
	Publish(ctx context.Context, batch []Event) error
	// Subscribe joins the queue. It needs no broker yet: Fetch makes the queue when it can.
	Subscribe(ctx context.Context, q Queue) (Subscription, error)
	// DeadLetters gives what the queue gave up, oldest first.
	DeadLetters(ctx context.Context, queue string) ([]DeadLetter, error)
	// Redrive sends dead letters back to their queue alone, under the same event ids, and takes them off the dead
	// letters: those with the ids, or without ids all. It gives how many it sent before any error.
	Redrive(ctx context.Context, queue string, ids ...string) (sent int, err error)
	// Ping says whether the broker takes and gives events now.
	Ping(ctx context.Context) error
	// Close leaves the broker. What was not settled will be delivered again.
	Close(ctx context.Context) error
}

// Subscription is one subscriber of a queue. One goroutine fetches from it; deliveries are settled from any.
type Subscription interface {
	// Fetch waits a few seconds for an event and then takes what is there, at most max. Nothing and no error means that
	// the queue was empty all that time. What it gives is kept from other subscribers until it is settled or Close.
	Fetch(ctx context.Context, max int) ([]Delivery, error)
	// Backlog asks the broker what waits.
	Backlog(ctx context.Context) (Backlog, error)
	// Close leaves the queue and gives back what was not settled.
	Close(ctx context.Context) error
}

// Delivery is an event in a subscriber's hands. It ends with one of Ack, Release and DeadLetter.
type Delivery interface {
	Event() Event
	// Ack takes the event off the queue. It does not wait: an acknowledgement that is lost means one more delivery.
	Ack() error
	// Release puts the event back, to be delivered again after the delay.
	Release(delay time.Duration) error
	// DeadLetter puts the event into the dead letters, waits until that is confirmed, and takes it off the queue.
	DeadLetter(ctx context.Context, why Failure) error
}

// Failure says why an event was given up.
type Failure struct {
	Reason   string
	Attempts int
	At       time.Time
}

// Backlog is what waits at the broker for one queue.
type Backlog struct {
	// Waiting counts events that were not settled, those in this broker's subscribers' hands included. Where the broker
	// does not tell what the subscribers of other processes hold, those count it themselves.
	Waiting int64
	// Dead counts dead letters. One that was put there twice, by a crash in between, may count twice until it is listed.
	Dead int64
}

// DeadLetter is an event that a queue gave up.
type DeadLetter struct {
	Event
	Queue string
	Failure
}

// Connect gives the broker at a URL; its scheme chooses the adapter. It does not need the broker to be there: it goes on
// trying, and meanwhile operations fail. Publishing goes through the link's policy. A URL that cannot be right is
// boot.ErrUsage; the password never shows in the message.
func Connect(ctx context.Context, tel *telemetry.Telemetry, link *resilience.Link, brokerURL string) (Broker, error) {
	u, err := url.Parse(brokerURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%w: the broker's URL is not one: want nats://host:4222 or amqp://host:5672", boot.ErrUsage)
	}
	switch u.Scheme {
	case "nats":
		return connectJetStream(ctx, tel, link, brokerURL)
	case "amqp", "amqps":
		return connectRabbit(ctx, tel, link, brokerURL)
	}
	return nil, fmt.Errorf("%w: broker URL %s has the unknown scheme %q: want nats, amqp or amqps", boot.ErrUsage, u.Redacted(), u.Scheme)
}
