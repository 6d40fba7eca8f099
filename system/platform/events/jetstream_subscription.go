package events

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"stormglass/system/platform/problem"
)

const (
	// fetchWait is how long Fetch waits for a first event.
	fetchWait = 2 * time.Second
	// answerSlack is how much later than promised the broker's answer may come before it counts as away.
	answerSlack = time.Second
	// buffered is how many messages the client holds for a subscription at most; nothing asks for more than that.
	buffered = 4096
)

// pullSubscription asks the broker for exactly what it can take, so nothing waits in a buffer of ours for longer than a
// batch. It knows every event that it handed out and keeps the broker from giving it to others until it is settled.
type pullSubscription struct {
	b     *jetStream
	queue Queue
	inbox string
	sub   *nats.Subscription
	in    chan *nats.Msg
	pulls uint64
	// ready says that the broker has the queue.
	ready   bool
	held    held
	stop    context.CancelFunc
	beating sync.WaitGroup
}

func (b *jetStream) Subscribe(_ context.Context, q Queue) (Subscription, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	s := &pullSubscription{b: b, queue: q, inbox: b.conn.NewInbox(), in: make(chan *nats.Msg, buffered), held: held{tokens: map[*delivery]struct{}{}}}
	var err error
	if s.sub, err = b.conn.ChanSubscribe(s.inbox+".*", s.in); err != nil {
		return nil, brokerError("subscribe to "+q.Name, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.beating.Go(func() { s.held.keepAlive(ctx) })
	return s, nil
}

func (s *pullSubscription) Fetch(ctx context.Context, max int) ([]Delivery, error) {
	lost, err := s.b.live()
	if err != nil {
		return nil, err
	}
	if !s.ready {
		if err := s.b.ensureQueue(ctx, s.queue); err != nil {
			return nil, err
		}
		s.ready = true
	}
	batch, err := s.pull(ctx, lost, pullRequest{Batch: max, Expires: fetchWait})
	if err != nil && len(batch) == 0 {
		return nil, err
	}
	return batch, nil
}

// pullRequest is what JetStream's MSG.NEXT takes. With both an end and no_wait the broker answers as soon as it has
// anything: with all of it up to the batch, and with a status behind that when there was less.
type pullRequest struct {
	Batch   int
	Expires time.Duration
}

// body writes the request as JSON; the fields are numbers, so that needs no encoder.
func (r pullRequest) body() []byte {
	return []byte(`{"batch":` + strconv.Itoa(r.Batch) + `,"expires":` + strconv.FormatInt(int64(r.Expires), 10) + `,"no_wait":true}`)
}

// pull makes one request and gives what it brings. An event that an earlier, abandoned request brings late is as good as
// any.
func (s *pullSubscription) pull(ctx context.Context, lost <-chan struct{}, r pullRequest) (batch []Delivery, err error) {
	s.pulls++
	reply := s.inbox + "." + strconv.FormatUint(s.pulls, 10)
	subject := "$JS.API.CONSUMER.MSG.NEXT." + eventStream + "." + flat(s.queue.Name)
	if err := s.b.conn.PublishRequest(subject, reply, r.body()); err != nil {
		return batch, brokerError("fetch", err)
	}
	silence := time.NewTimer(r.Expires + answerSlack)
	defer silence.Stop()
	for want := r.Batch; want > 0; {
		select {
		case m := <-s.in:
			if m.Header.Get("Status") == "" {
				batch = append(batch, s.receive(m))
				want--
				continue
			}
			if m.Subject == reply {
				return batch, s.ended(m)
			}
		case <-lost:
			return batch, errAway
		case <-silence.C:
			return batch, problem.New(problem.Timeout, "", "the broker did not answer a fetch from %s", s.queue.Name)
		case <-ctx.Done():
			return batch, ctx.Err()
		}
	}
	return batch, nil
}

// ended reads the status that ends a request: nothing (more) is there, or the queue itself is gone.
func (s *pullSubscription) ended(m *nats.Msg) error {
	switch status := m.Header.Get("Status"); status {
	case "404", "408":
		return nil
	default:
		s.ready = false // made anew by the next Fetch
		return problem.New(problem.Unavailable, "broker_away", "queue %s is not there: %s %s", s.queue.Name, status, m.Header.Get("Description"))
	}
}

// receive takes an event into our hands.
func (s *pullSubscription) receive(m *nats.Msg) *delivery {
	d := &delivery{s: s, m: m}
	d.event, _ = decode(m.Header, m.Data)
	if meta, err := m.Metadata(); err == nil {
		d.sequence = meta.Sequence.Stream
	}
	if d.event.ID == "" {
		d.event.ID = fmt.Sprintf("seq-%d", d.sequence)
	}
	s.held.add(d)
	return d
}

func (s *pullSubscription) Backlog(ctx context.Context) (Backlog, error) {
	if _, err := s.b.live(); err != nil {
		return Backlog{}, err
	}
	c, err := s.b.js.Consumer(ctx, eventStream, flat(s.queue.Name))
	if err != nil {
		return Backlog{}, brokerError("read the backlog of "+s.queue.Name, err)
	}
	info := c.CachedInfo() // just fetched by Consumer
	dead, err := s.b.countDead(ctx, s.queue.Name)
	return Backlog{Waiting: int64(info.NumPending) + int64(info.NumAckPending), Dead: dead}, err
}

func (s *pullSubscription) Close(context.Context) error {
	s.stop()
	s.beating.Wait()
	err := s.sub.Unsubscribe()
	if errors.Is(err, nats.ErrConnectionClosed) {
		return nil
	}
	for {
		select {
		case m := <-s.in:
			if m.Header.Get("Status") == "" {
				s.receive(m)
			}
			continue
		default:
		}
		break
	}
	return errors.Join(err, s.held.releaseAll())
}
