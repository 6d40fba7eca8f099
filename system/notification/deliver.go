package notification

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

var (
	// errNobody says that the customer's contact has not arrived yet.
	errNobody = errors.New("contact is not known yet")
	// errNowhere says that the customer has no address on the message's channel.
	errNowhere = errors.New("no address on this channel")
)

// outcome is what became of a message.
type outcome struct {
	Message
	// State is Due for a message that is left alone until then. It is empty for one that met an outage, or that was not
	// tried because an outage came before it: the worker gives those back.
	State  State
	Reason string
	until  time.Time
	// nobody: it waits for a contact.
	nobody bool
	// unanswered: it went out and its answer was lost, so that it may have arrived.
	unanswered bool
}

// deliver hands messages over, one after the other, and writes down together what came of them. It stops at an outage,
// and returns that for the worker, who gives back what is not done.
func (s *Service) deliver(ctx context.Context, bundle []Message) error {
	var outage error
	var all []outcome
	for _, m := range bundle {
		o := outcome{Message: m}
		if outage == nil {
			o, outage = s.try(ctx, m)
		}
		all = append(all, o)
	}
	// What went out is written down even if the time for this bundle is over, or it would go out again.
	return errors.Join(s.note(context.WithoutCancel(ctx), all), outage)
}

// unanswered is the error of an attempt that went out and whose answer was lost: the message may have arrived.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

// mayHaveArrived says whether an attempt that ended in an error went out all the same.
func mayHaveArrived(err error) bool {
	_, lost := errors.AsType[unanswered](err)
	return lost
}

// try hands one message over and says what became of it. The error is an outage.
func (s *Service) try(ctx context.Context, m Message) (outcome, error) {
	ctx = telemetry.WithCorrelation(s.tel.Resume(ctx, m.Trace), m.Correlation)
	ctx, span := s.tracer.Start(ctx, "send "+string(m.Channel), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("peer.service", string(m.Channel.company())), attribute.String("message.kind", string(m.Kind)), attribute.String("messaging.message.id", string(m.ID))))
	defer span.End()
	err := s.send(ctx, m)
	if err == nil {
		s.tel.Log.Info().Ctx(ctx).Str("message_id", string(m.ID)).Str("kind", string(m.Kind)).Str("order_id", string(m.Order)).Msg("message sent")
		return outcome{Message: m, State: Sent}, nil
	}
	if errors.Is(err, errNowhere) {
		return outcome{Message: m, State: Skipped, Reason: "no_address"}, nil
	}
	span.SetStatus(codes.Error, string(problem.CodeOf(err)))
	o := outcome{Message: m, unanswered: mayHaveArrived(err)}
	if events.Blameless(err) {
		return o, err
	}
	log := s.tel.Log.Info()
	if problem.CodeOf(err) == problem.Invalid || s.now().Sub(m.Since) > s.patience {
		log = s.tel.Log.Error()
		o.State, o.Reason = Failed, reason(err)
	} else {
		o.State, o.until, o.nobody = Due, s.now().Add(m.pause(s.now())), errors.Is(err, errNobody)
	}
	log.Ctx(ctx).Err(err).Str("message_id", string(m.ID)).Str("kind", string(m.Kind)).Str("order_id", string(m.Order)).Str("state", string(o.State)).Msg("message not sent")
	return o, nil
}

func (s *Service) send(ctx context.Context, m Message) error {
	if m.Contact.User == "" {
		return errNobody
	}
	if m.address() == "" {
		return errNowhere
	}
	letter, err := s.letters.write(m)
	if err != nil {
		return err
	}
	return s.senders[m.Channel].Send(ctx, letter)
}

// reason is a stable word for why a message did not go out.
func reason(err error) string {
	if errors.Is(err, errNobody) {
		return "contact_unknown"
	}
	if r := problem.ReasonOf(err); r != "" {
		return r
	}
	return string(problem.CodeOf(err))
}

// note writes down what became of messages, and which attempts were answered. Where one waits for a contact that has arrived meanwhile, it waits no more.
func (s *Service) note(ctx context.Context, all []outcome) error {
	if len(all) == 0 {
		return nil
	}
	return s.db.InTx(ctx, "note messages", func(ctx context.Context, tx *store.Tx) error {
		var sent []MessageID
		var answered []Message
		for _, o := range all {
			if !o.unanswered {
				answered = append(answered, o.Message)
			}
			if o.State == Sent {
				sent = append(sent, o.ID)
			}
			if err := s.noteOne(ctx, tx, o); err != nil {
				return err
			}
		}
		tx.AfterCommit(func() { s.count(all) })
		return errors.Join(settle(ctx, tx, answered), closeSent(ctx, tx, sent, s.now()))
	})
}

// noteOne writes down what became of a message that was not sent.
func (s *Service) noteOne(ctx context.Context, tx *store.Tx, o outcome) error {
	switch o.State {
	case Due:
		return postpone(ctx, tx, o)
	case Failed, Skipped:
		return closeMessage(ctx, tx, o, s.now())
	}
	return nil
}

func (s *Service) count(all []outcome) {
	for _, o := range all {
		if o.State != Due && o.State != "" {
			s.done.WithLabelValues(string(o.Channel), string(o.State)).Inc()
		}
	}
}
