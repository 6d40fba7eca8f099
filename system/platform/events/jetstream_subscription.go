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
	// ready says that the broker has the queue; more says that the last fetch left events behind.
	ready   bool
	more    bool
	held    held
	stop    context.CancelFunc
	beating sync.WaitGroup
}

func (b *jetStream) Subscribe(_ context.Context, q Queue) (Subscription, error) {
	if !word.MatchString(q.Name) || len(q.Types) == 0 {
		return nil, problem.New(problem.Invalid, "", "queue %q with %d types: want a name such as q.payment, and at least one type", q.Name, len(q.Types))
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
	batch, err := s.take(ctx, lost, max)
	if err != nil && len(batch) == 0 {
		return nil, err
	}
	return batch, nil
}

// take gets what is there at once, and waits for a first event when there is nothing.
//
//	a backlog is known   one request: up to max, at once
//	nothing is known     one request: wait for one; if it says that more wait, a second: the rest, at once
func (s *pullSubscription) take(ctx context.Context, lost <-chan struct{}, max int) ([]Delivery, error) {
	if s.more {
		if batch, err := s.pull(ctx, lost, nil, pullRequest{Batch: max, NoWait: true}); err != nil || len(batch) > 0 {
			return batch, err
		}
	}
	batch, err := s.pull(ctx, lost, nil, pullRequest{Batch: 1, Expires: fetchWait})
	if err != nil || len(batch) == 0 || len(batch) >= max || !s.more {
		return batch, err
	}
	return s.pull(ctx, lost, batch, pullRequest{Batch: max - len(batch), NoWait: true})
}

// pullRequest is what JetStream's MSG.NEXT takes.
type pullRequest struct {
	Batch   int           `json:"batch"`
	Expires time.Duration `json:"expires,omitempty"`
	NoWait  bool          `json:"no_wait,omitempty"`
}

// body writes the request as JSON; the fields are numbers, so that needs no encoder.
func (r pullRequest) body() []byte {
	if r.NoWait {
		return []byte(`{"batch":` + strconv.Itoa(r.Batch) + `,"no_wait":true}`)
	}
	return []byte(`{"batch":` + strconv.Itoa(r.Batch) + `,"expires":` + strconv.FormatInt(int64(r.Expires), 10) + `}`)
}

// pull makes one request and appends what it brings to batch. An event that an earlier, abandoned request brings late is
// as good as any.
func (s *pullSubscription) pull(ctx context.Context, lost <-chan struct{}, batch []Delivery, r pullRequest) ([]Delivery, error) {
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
		s.more = false
		return nil
	default:
		s.ready = false // made anew by the next Fetch
		return problem.New(problem.Unavailable, "broker_away", "queue %s is not there: %s %s", s.queue.Name, status, m.Header.Get("Description"))
	}
}

// receive takes an event into our hands. A redelivered one is often one of many, which the pending count leaves out.
func (s *pullSubscription) receive(m *nats.Msg) *delivery {
	d := &delivery{s: s, m: m, event: decode(m.Header, m.Data)}
	if meta, err := m.Metadata(); err == nil {
		s.more = meta.NumPending > 0 || meta.NumDelivered > 1
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
