package notification

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// Sender hands letters to a company that brings them.
//
// An error whose code is an outage says that the company is away; Invalid, that it refuses this letter for good; any
// other, that it does not take this letter now. No error contains where a letter was to go.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

// Service holds the use cases.
type Service struct {
	tel     *telemetry.Telemetry
	tracer  trace.Tracer
	db      *store.DB
	letters letters
	senders map[Channel]Sender
	// patience is how long a message may wait by its own fault before it is given up. The time that its company is away
	// counts too, but nothing is given up while it is.
	patience time.Duration
	done     *prometheus.CounterVec
	// wake tells the workers that there is something new.
	wake func()
	now  func() time.Time
}

// reach keeps where a customer can be reached.
func (s *Service) reach(ctx context.Context, tx *store.Tx, c Contact) error {
	tx.AfterCommit(s.wake)
	return putContact(ctx, tx, c)
}

// tell makes a message of an event for each channel by which its kind goes out.
func (s *Service) tell(ctx context.Context, tx *store.Tx, e events.Event, k Kind, user UserID, order OrderID, f Facts) error {
	tx.AfterCommit(s.wake)
	for _, c := range k.channels() {
		err := insert(ctx, tx, Message{
			ID: MessageID(e.ID + "." + string(c)), Event: e.ID, Channel: c, Kind: k, User: user, Order: order, Facts: f,
			Correlation: e.CorrelationID, Trace: s.tel.Carry(ctx), Since: s.now(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// errNobody says that the customer's contact has not arrived yet.
var errNobody = errors.New("contact is not known yet")

// deliver hands a message over and writes down what came of it. What it returns is for the worker: an outage, of the
// company or of our own database.
func (s *Service) deliver(ctx context.Context, m Message) error {
	ctx = telemetry.WithCorrelation(s.tel.Resume(ctx, m.Trace), m.Correlation)
	ctx, span := s.tracer.Start(ctx, "send "+string(m.Channel), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("peer.service", companyOf(m.Channel)), attribute.String("message.kind", string(m.Kind)), attribute.String("messaging.message.id", string(m.ID))))
	defer span.End()
	err := s.send(ctx, m)
	if err != nil {
		span.SetStatus(codes.Error, string(problem.CodeOf(err)))
	}
	switch {
	case err == nil:
		return s.close(ctx, m, Sent, "")
	case errors.Is(err, errNowhere):
		return s.close(ctx, m, Skipped, "no_address")
	case events.Blameless(err):
		return err
	case problem.CodeOf(err) == problem.Invalid, s.now().Sub(m.Since) > s.patience:
		s.tel.Log.Error().Ctx(ctx).Err(err).Str("message_id", string(m.ID)).Str("kind", string(m.Kind)).Str("order_id", string(m.Order)).Msg("message given up")
		return s.close(ctx, m, Failed, reason(err))
	}
	return s.postpone(ctx, m, err)
}

// errNowhere says that the customer has no address on the message's channel.
var errNowhere = errors.New("no address on this channel")

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

func (s *Service) close(ctx context.Context, m Message, state State, why string) error {
	return s.db.InTx(ctx, "close message", func(ctx context.Context, tx *store.Tx) error {
		tx.AfterCommit(func() {
			s.done.WithLabelValues(string(m.Channel), string(state)).Inc()
			s.tel.Log.Info().Ctx(ctx).Str("message_id", string(m.ID)).Str("kind", string(m.Kind)).Str("channel", string(m.Channel)).
				Str("order_id", string(m.Order)).Str("state", string(state)).Str("reason", why).Msg("message closed")
		})
		return closeMessage(ctx, tx, m.ID, state, why, s.now())
	})
}

// postpone leaves a message alone for a while. If it waits for a contact that has just arrived, it waits no more.
func (s *Service) postpone(ctx context.Context, m Message, why error) error {
	now := s.now()
	s.tel.Log.Info().Ctx(ctx).Err(why).Str("message_id", string(m.ID)).Dur("pause", m.pause(now)).Msg("message postponed")
	return s.db.InTx(ctx, "postpone message", func(ctx context.Context, tx *store.Tx) error {
		until := now.Add(m.pause(now))
		if errors.Is(why, errNobody) {
			known, err := contactKnown(ctx, tx, m.User)
			if err != nil {
				return err
			}
			if known {
				until = now
			}
		}
		return postponeMessage(ctx, tx, m.ID, until)
	})
}
