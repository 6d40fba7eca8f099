package notification

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/events"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// Sender hands letters to a company that brings them.
//
// An error whose code is an outage says that the company is away; Invalid, that it refuses this letter for good; any
// other, that it does not take this letter now. An error that is unanswered says besides that the letter may have arrived
// all the same. No error contains where a letter was to go.
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
	// wake tells the workers that there is something to do.
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

func newService(tel *telemetry.Telemetry, db *store.DB, texts letters, senders map[Channel]Sender, patience time.Duration) *Service {
	s := &Service{
		tel: tel, tracer: tel.Tracer("notification"), db: db, letters: texts, senders: senders, patience: patience,
		done: tel.Counter(telemetry.MessagesSent), wake: func() {}, now: time.Now,
	}
	for _, c := range Channels() {
		for _, state := range []State{Sent, Failed, Skipped} {
			s.done.WithLabelValues(string(c), string(state))
		}
	}
	return s
}
