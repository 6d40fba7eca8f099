package events

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// eventsKept is how long events can be replayed. Inbox rows live longer, see pruning.
	eventsKept = 7 * 24 * time.Hour
	// duplicateWindow is how long the stream knows an event's id. It spares consumers the duplicates of a lost confirm;
	// what comes later, the inbox knows. Each id costs the broker memory.
	duplicateWindow = 30 * time.Second
	// ackWait is how long a subscriber that died keeps events from the others: the floor of the recovery time.
	ackWait = 3 * time.Second
	// maxUnsettled is the most events that all subscribers of one queue may hold or have given back with a delay.
	maxUnsettled = 20_000
)

// ensureStreams makes what is missing of the two streams.
func (b *jetStream) ensureStreams(ctx context.Context) error {
	for _, config := range []jetstream.StreamConfig{
		{
			Name: eventStream, Subjects: []string{eventPrefix + ">", redrivePrefix + "*"},
			Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, MaxAge: eventsKept,
			Duplicates: duplicateWindow, AllowAtomicPublish: true, AllowDirect: true,
		},
		{
			// One subject for each dead letter: putting it there twice leaves one.
			Name: deadStream, Subjects: []string{deadPrefix + "*.*"},
			Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, MaxMsgsPerSubject: 1,
			Duplicates: duplicateWindow, AllowDirect: true,
		},
	} {
		if err := b.ensureStream(ctx, config); err != nil {
			return brokerError("make stream "+config.Name, err)
		}
	}
	return nil
}

// ensureStream makes a stream. One that is there already as it should be costs the broker nothing; an update would make
// it write even then, for each service that starts.
func (b *jetStream) ensureStream(ctx context.Context, config jetstream.StreamConfig) error {
	_, err := b.js.CreateStream(ctx, config)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // it is there, but different
		_, err = b.js.UpdateStream(ctx, config)
	}
	return err
}

// ensureQueue makes the queue's durable consumer. It starts at the oldest event there is, so none is lost that was
// published before the queue's first subscriber came.
func (b *jetStream) ensureQueue(ctx context.Context, q Queue) error {
	if err := b.ensureStreams(ctx); err != nil {
		return err
	}
	filters := []string{redrivePrefix + flat(q.Name)}
	for _, t := range q.Types {
		filters = append(filters, eventPrefix+t)
	}
	_, err := b.js.CreateOrUpdateConsumer(ctx, eventStream, jetstream.ConsumerConfig{
		Durable: flat(q.Name), FilterSubjects: filters, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: -1, MaxAckPending: maxUnsettled,
	})
	return brokerError("make queue "+q.Name, err)
}
