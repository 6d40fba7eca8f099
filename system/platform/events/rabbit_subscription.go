package events

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"stormglass/system/platform/problem"
)

// gatherGap is how long a fetch that has something waits for the next event. The broker pushes events one by one, and
// does not say which is the last.
const gatherGap = 2 * time.Millisecond

// rabbitSubscription lets the broker push no more than a fetch asked for, so nothing waits in a buffer of ours that another
// subscriber could handle.
type rabbitSubscription struct {
	b       *rabbit
	queue   Queue
	session *session // of Fetch's goroutine
}

// session is a subscriber's channel for as long as that lives. What it holds is given back when it ends.
type session struct {
	*amqp.Channel
	// unsettled counts events that the broker gave us and that are not settled.
	unsettled atomic.Int64
	// size is how many of them the present consumer may have, tag its name, and in what it gives.
	size int
	tag  string
	in   chan amqp.Delivery
}

func (b *rabbit) Subscribe(_ context.Context, q Queue) (Subscription, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	return &rabbitSubscription{b: b, queue: q}, nil
}

func (s *rabbitSubscription) Fetch(ctx context.Context, max int) ([]Delivery, error) {
	conn, err := s.b.in.live()
	if err != nil {
		return nil, err
	}
	if err := s.open(ctx, conn, max); err != nil {
		return nil, rabbitError("fetch", err)
	}
	patience := time.NewTimer(fetchWait)
	defer patience.Stop()
	var batch []Delivery
	for len(batch) < max {
		select {
		case d, ok := <-s.session.in:
			if !ok {
				return s.lost(batch)
			}
			batch = append(batch, s.receive(d))
			patience.Reset(gatherGap)
		case <-patience.C:
			return batch, nil
		case <-ctx.Done():
			if len(batch) == 0 {
				return nil, ctx.Err()
			}
			return batch, nil
		}
	}
	return batch, nil
}

// lost gives what came before the channel ended, or says that it did.
func (s *rabbitSubscription) lost(batch []Delivery) ([]Delivery, error) {
	_ = s.session.Close() // it may be the queue alone that is gone
	if len(batch) > 0 {
		return batch, nil
	}
	return nil, errAway
}

// open sees to it that there is a consumer of this size. Its events stay valid when it is replaced by one of another size,
// since they belong to the channel.
func (s *rabbitSubscription) open(ctx context.Context, conn *amqp.Connection, size int) error {
	fresh := s.session == nil || s.session.IsClosed()
	if !fresh && s.session.fits(size) {
		return nil
	}
	if fresh {
		if err := s.b.ensureQueue(ctx, conn, s.queue); err != nil {
			return err
		}
	}
	return limited(conn, func() error {
		if fresh {
			ch, err := conn.Channel()
			if err != nil {
				return err
			}
			s.session = s.b.enter(s.queue.Name, ch)
		}
		if err := s.session.leave(); err != nil {
			return err
		}
		return s.consume(size)
	})
}

func (s *rabbitSubscription) consume(size int) error {
	n := s.session
	if err := n.Qos(size, 0, false); err != nil {
		return err
	}
	n.tag = s.b.tel.Instance + "-" + time.Now().Format("150405.000000000")
	pushed, err := n.Consume(s.queue.Name, n.tag, false, false, false, false, nil)
	if err != nil {
		return err
	}
	in := make(chan amqp.Delivery, size) // never full
	n.in, n.size = in, size
	s.b.in.spawn(func() { // it ends with the consumer
		defer close(in)
		for d := range pushed {
			n.unsettled.Add(1)
			in <- d
		}
	})
	return nil
}

// fits says whether the present consumer will do for a fetch of that size. One that may have more will do while the fetch goes
// on with a batch. Once everything is settled and less is asked for, as by a probe, the rest belongs to others.
func (n *session) fits(size int) bool {
	return size == n.size || size < n.size && n.unsettled.Load() > int64(len(n.in))
}

// leave ends the present consumer and gives back what nobody fetched.
func (n *session) leave() error {
	if n.size == 0 {
		return nil
	}
	n.size = 0
	if err := n.Cancel(n.tag, false); err != nil {
		return err
	}
	for d := range n.in {
		if err := d.Nack(false, true); err != nil {
			return err
		}
		n.unsettled.Add(-1)
	}
	return nil
}

// enter notes a new session, and forgets those that have ended.
func (b *rabbit) enter(queue string, ch *amqp.Channel) *session {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := &session{Channel: ch}
	b.sessions[queue] = append(slices.DeleteFunc(b.sessions[queue], func(n *session) bool { return n.IsClosed() }), n)
	return n
}

// inHand counts what our subscribers of a queue hold.
func (b *rabbit) inHand(queue string) (n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.sessions[queue] {
		if !s.IsClosed() {
			n += s.unsettled.Load()
		}
	}
	return n
}

// Backlog adds what the broker counts, which are the events that no subscriber holds, and what ours hold.
func (s *rabbitSubscription) Backlog(ctx context.Context) (Backlog, error) {
	waiting, err := s.b.count(ctx, s.queue.Name)
	if err != nil {
		return Backlog{}, err
	}
	dead, err := s.b.count(ctx, deadQueue(s.queue.Name))
	return Backlog{Waiting: waiting + s.b.inHand(s.queue.Name), Dead: dead}, err
}

// count asks how many messages of a queue no subscriber holds.
func (b *rabbit) count(ctx context.Context, queue string) (n int64, err error) {
	counted := make(chan int64, 1)
	err = b.in.during(ctx, func(conn *amqp.Connection) error {
		return within(conn, func(ch *amqp.Channel) error {
			q, err := ch.QueueDeclarePassive(queue, true, false, false, false, nil)
			counted <- int64(q.Messages)
			return err
		})
	})
	if answered(err, amqp.NotFound) {
		return 0, problem.New(problem.Unavailable, "broker_away", "queue %s is not there", queue)
	}
	if err != nil {
		return 0, rabbitError("count "+queue, err)
	}
	return <-counted, nil
}

func (s *rabbitSubscription) Close(context.Context) error {
	if s.session == nil || s.session.IsClosed() {
		return nil
	}
	return rabbitError("leave "+s.queue.Name, s.session.Close())
}
