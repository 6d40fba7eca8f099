package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

const (
	// maxAtomic is the most events that go as one atomic batch. JetStream takes at most 1,000.
	maxAtomic = 500
	// minAtomic is how many events an atomic batch needs to be worth the temporary store that the broker opens for it.
	minAtomic = 20
	// duplicateInBatch is JetStream's code for an atomic batch that holds an id which the stream knows.
	duplicateInBatch = 10201
	// incompleteBatch is its code for an atomic batch of which it does not have the beginning.
	incompleteBatch = 10176
)

func (b *jetStream) Publish(ctx context.Context, batch []Event) error {
	for _, e := range batch {
		if err := e.check(); err != nil {
			return err
		}
	}
	for len(batch) > 0 {
		part := batch[:min(len(batch), maxAtomic)]
		_, err := resilience.Do(ctx, b.link, resilience.Op{Name: "publish", Retry: true}, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, b.publishPart(ctx, part)
		})
		if err != nil {
			return fmt.Errorf("publish %d events: %w", len(part), err)
		}
		for _, e := range part {
			b.sent.WithLabelValues(e.Type).Inc()
		}
		batch = batch[len(part):]
	}
	return nil
}

// publishPart is one attempt. A stream that is not there (a new broker, or one that lost its data) is made first.
func (b *jetStream) publishPart(ctx context.Context, part []Event) error {
	lost, err := b.live()
	if err != nil {
		return err
	}
	messages := make([]*nats.Msg, len(part))
	for i, e := range part {
		messages[i] = encode(eventPrefix+e.Type, e.ID, e)
	}
	err = b.send(ctx, messages)
	if errors.Is(err, nats.ErrNoResponders) {
		if err := b.ensureStreams(ctx); err != nil {
			return err
		}
		err = b.send(ctx, messages)
	}
	return brokerError("publish", brokenOff(lost, err))
}

// send publishes in the way that suits the number, and waits for the confirms. One known id makes JetStream reject a
// whole atomic batch. That is just what happens after a lost confirm, so then they go one by one: a duplicate alone is
// confirmed like any other. So they do when the batch's beginning was lost, because the stream was only then made or
// because too many batches were open; this too says nothing about the events.
func (b *jetStream) send(ctx context.Context, messages []*nats.Msg) error {
	if len(messages) >= minAtomic {
		err := b.sendAtomic(ctx, messages)
		if api, ok := errors.AsType[*jetstream.APIError](err); !ok || api.ErrorCode != duplicateInBatch && api.ErrorCode != incompleteBatch {
			return err
		}
	}
	return b.sendEach(ctx, messages)
}

// sendEach publishes without waiting in between, then collects a confirm for each.
func (b *jetStream) sendEach(ctx context.Context, messages []*nats.Msg) error {
	if len(messages) == 1 {
		answer, err := b.conn.RequestMsgWithContext(ctx, messages[0])
		if err != nil {
			return err
		}
		return confirmed(answer)
	}
	inbox := b.conn.NewInbox()
	replies, err := b.conn.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	defer func() { _ = replies.Unsubscribe() }() // fails only with the connection, and then there is none
	for _, m := range messages {
		m.Reply = inbox
		if err := b.conn.PublishMsg(m); err != nil {
			return err
		}
	}
	for range messages {
		answer, err := replies.NextMsgWithContext(ctx)
		if err != nil {
			return err
		}
		if err := confirmed(answer); err != nil {
			return err
		}
	}
	return nil
}

// sendAtomic publishes all or nothing: the last message carries the commit, and its confirm is that of all.
func (b *jetStream) sendAtomic(ctx context.Context, messages []*nats.Msg) error {
	id := b.conn.NewInbox()[len(nats.InboxPrefix):]
	last := len(messages) - 1
	for i, m := range messages {
		in := &nats.Msg{Subject: m.Subject, Data: m.Data, Header: make(nats.Header, len(m.Header)+3)}
		for name, values := range m.Header {
			in.Header[name] = values
		}
		in.Header["Nats-Batch-Id"] = []string{id}
		in.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		if i < last {
			if err := b.conn.PublishMsg(in); err != nil {
				return err
			}
			continue
		}
		in.Header["Nats-Batch-Commit"] = []string{"1"}
		answer, err := b.conn.RequestMsgWithContext(ctx, in)
		if err != nil {
			return err
		}
		return confirmed(answer)
	}
	return nil
}

// confirmed reads the broker's answer to a publish.
func confirmed(answer *nats.Msg) error {
	if answer.Header.Get("Status") == "503" {
		return nats.ErrNoResponders
	}
	var ack struct {
		Stream string              `json:"stream"`
		Error  *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &ack); err != nil {
		return fmt.Errorf("read confirm %q: %w", answer.Data, err)
	}
	if ack.Error != nil {
		return ack.Error
	}
	if ack.Stream == "" {
		return problem.New(problem.Unavailable, "", "the broker's confirm names no stream")
	}
	return nil
}
