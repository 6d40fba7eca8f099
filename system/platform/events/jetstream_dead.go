package events

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"stormglass/system/platform/resilience"
)

func deadSubject(queue, eventID string) string { return deadPrefix + flat(queue) + "." + flat(eventID) }

// bury publishes a dead letter with the event's own headers and why it was given up.
func (b *jetStream) bury(ctx context.Context, queue string, d *delivery, why Failure) error {
	m := &nats.Msg{Subject: deadSubject(queue, d.event.ID), Header: maps.Clone(d.m.Header), Data: d.m.Data}
	if m.Header == nil {
		m.Header = nats.Header{}
	}
	maps.DeleteFunc(m.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "Nats-") })
	m.Header[headerID] = []string{d.event.ID}
	for name, value := range why.headers() {
		m.Header[name] = []string{value}
	}
	return b.sendThrough(ctx, "dead_letter", m)
}

// sendThrough publishes one message under the link's policy.
func (b *jetStream) sendThrough(ctx context.Context, operation string, m *nats.Msg) error {
	_, err := resilience.Do(ctx, b.link, resilience.Op{Name: operation, Retry: true}, func(ctx context.Context) (struct{}, error) {
		if _, err := b.live(); err != nil {
			return struct{}{}, err
		}
		err := b.send(ctx, []*nats.Msg{m})
		if errors.Is(err, nats.ErrNoResponders) {
			if err = b.ensureStreams(ctx); err == nil {
				err = b.send(ctx, []*nats.Msg{m})
			}
		}
		return struct{}{}, brokerError(operation, err)
	})
	return err
}

// deadStream gives the stream of dead letters, or nil when there never was one.
func (b *jetStream) deadStream(ctx context.Context) (jetstream.Stream, error) {
	if _, err := b.live(); err != nil {
		return nil, err
	}
	s, err := b.js.Stream(ctx, deadStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	return s, brokerError("open dead letters", err)
}

func (b *jetStream) countDead(ctx context.Context, queue string) (int64, error) {
	subjects, _, err := b.deadSubjects(ctx, queue)
	return int64(len(subjects)), err
}

// deadSubjects lists the subjects of a queue's dead letters: one for each.
func (b *jetStream) deadSubjects(ctx context.Context, queue string) ([]string, jetstream.Stream, error) {
	s, err := b.deadStream(ctx)
	if err != nil || s == nil || s.CachedInfo().State.Msgs == 0 {
		return nil, s, err
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(deadPrefix+flat(queue)+".*"))
	if err != nil {
		return nil, nil, brokerError("count dead letters", err)
	}
	return slices.Collect(maps.Keys(info.State.Subjects)), s, nil
}

func (b *jetStream) DeadLetters(ctx context.Context, queue string) ([]DeadLetter, error) {
	subjects, s, err := b.deadSubjects(ctx, queue)
	if err != nil {
		return nil, err
	}
	dead := make([]DeadLetter, 0, len(subjects))
	for _, subject := range subjects {
		m, err := s.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) { // redriven meanwhile
			continue
		}
		if err != nil {
			return nil, brokerError("read dead letter", err)
		}
		dead = append(dead, deadLetter(queue, m))
	}
	return oldestFirst(dead), nil
}

func deadLetter(queue string, m *jetstream.RawStreamMsg) DeadLetter {
	e, why := decode(m.Header, m.Data)
	return DeadLetter{Event: e, Queue: queue, Failure: why}
}

func (b *jetStream) Redrive(ctx context.Context, queue string, ids ...string) (sent int, err error) {
	if len(ids) == 0 {
		dead, err := b.DeadLetters(ctx, queue)
		if err != nil {
			return 0, err
		}
		for _, d := range dead {
			ids = append(ids, d.ID)
		}
	}
	for _, id := range ids {
		if err := b.redrive(ctx, queue, id); err != nil {
			return sent, err
		}
		sent++
	}
	return sent, nil
}

// redrive publishes first and deletes afterwards. What breaks off in between is sent twice, which the inbox sees.
func (b *jetStream) redrive(ctx context.Context, queue, eventID string) error {
	s, err := b.deadStream(ctx)
	if err != nil {
		return err
	}
	missing := noDeadLetter(queue, eventID)
	if s == nil {
		return missing
	}
	m, err := s.GetLastMsgForSubject(ctx, deadSubject(queue, eventID))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return missing
	}
	if err != nil {
		return brokerError("read dead letter", err)
	}
	again := &nats.Msg{Subject: redrivePrefix + flat(queue), Header: m.Header, Data: m.Data}
	maps.DeleteFunc(again.Header, func(name string, _ []string) bool {
		return strings.HasPrefix(name, deadHeaders) || strings.HasPrefix(name, "Nats-")
	})
	again.Header[nats.MsgIdHdr] = []string{fmt.Sprintf("redrive-%s-%d", eventID, m.Sequence)}
	if err := b.sendThrough(ctx, "redrive", again); err != nil {
		return err
	}
	return takeOff(ctx, s, m.Sequence)
}

// takeOff deletes a dead letter. One that is gone may have been redriven by somebody else, or given up anew meanwhile, which
// put a later one in its place: that one stays.
func takeOff(ctx context.Context, s jetstream.Stream, sequence uint64) error {
	err := s.DeleteMsg(ctx, sequence)
	if err == nil {
		return nil
	}
	if _, gone := s.GetMsg(ctx, sequence); errors.Is(gone, jetstream.ErrMsgNotFound) {
		return nil
	}
	return brokerError("take off dead letter", err)
}
