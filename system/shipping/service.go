package shipping

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
	"stormglass/system/platform/work"
)

// Parcel is what the carrier knows of a shipment.
type Parcel struct {
	ID                ParcelID
	Carrier, Tracking string
	Dispatched        bool
}

// Carrier is the company that brings the goods.
type Carrier interface {
	// Book has a parcel fetched. The same order gives the same parcel. A refusal is for good; any other error may pass.
	Book(ctx context.Context, order OrderID, to Address) (Parcel, error)
	Track(ctx context.Context, id ParcelID) (Parcel, error)
}

// refusal says that the carrier will never take this parcel.
type refusal struct{ reason string }

func (r *refusal) Error() string { return "the carrier refused: " + r.reason }

// Outbox takes events into the transaction that makes them true.
type Outbox interface {
	Dispatched(ctx context.Context, tx *store.Tx, s Shipment) error
	Failed(ctx context.Context, tx *store.Tx, s Shipment) error
}

// Service holds the use cases.
type Service struct {
	tel     *telemetry.Telemetry
	db      *store.DB
	toDo    work.Table[Shipment]
	carrier Carrier
	outbox  Outbox
	// wake makes the worker look for shipments to be booked.
	wake func()
	// look and longest are the shortest and the longest wait between two questions for one parcel.
	look, longest time.Duration
	now           func() time.Time
}

// Ship makes a shipment for a confirmed order. An order that has one keeps it.
func (s *Service) Ship(ctx context.Context, tx *store.Tx, order OrderID, user UserID, to Address) error {
	fresh, err := insert(ctx, tx, Shipment{Order: order, User: user, Address: to, State: Due, Origin: s.tel.Pack(ctx), Since: s.now()})
	if err == nil && fresh {
		tx.AfterCommit(s.wake)
	}
	return err
}

// Get gives the shipment of one of the user's orders.
func (s *Service) Get(ctx context.Context, user UserID, order OrderID) (found Shipment, err error) {
	var known bool
	err = s.db.Read(ctx, "get shipment", func(ctx context.Context, tx *store.Tx) error {
		found, known, err = byOrder(ctx, tx, order)
		return err
	})
	if err == nil && (!known || found.User != user) {
		return Shipment{}, problem.New(problem.NotFound, "shipment_not_found", "there is no shipment for such an order of yours")
	}
	return found, err
}

// work takes a shipment one step further, in the trace of the request that led to it.
func (s *Service) work(ctx context.Context, p Shipment) error {
	ctx, span := s.tel.Tracer("shipping").Start(s.tel.Unpack(ctx, p.Origin), "shipment "+string(p.State))
	defer span.End()
	span.SetAttributes(attribute.String("shop.order.id", string(p.Order)))
	err := s.book(ctx, p)
	if err != nil {
		span.RecordError(err)
	}
	return err
}

// book books a shipment that is due; one that is booked it asks the carrier for.
func (s *Service) book(ctx context.Context, p Shipment) error {
	var parcel Parcel
	var err error
	if p.State == Due {
		parcel, err = s.carrier.Book(ctx, p.Order, p.Address)
	} else {
		parcel, err = s.carrier.Track(ctx, p.Parcel)
	}
	if refused, ok := errors.AsType[*refusal](err); ok {
		return s.settle(ctx, p, Failed, refused.reason, s.outbox.Failed)
	}
	if err != nil {
		return fmt.Errorf("ask carrier: %w", err)
	}
	booked := p
	booked.Parcel, booked.Carrier, booked.Tracking = parcel.ID, parcel.Carrier, parcel.Tracking
	if parcel.Dispatched {
		return s.settle(ctx, booked, Dispatched, "", s.outbox.Dispatched)
	}
	return s.settle(ctx, booked, Booked, "", nil)
}

// settle moves a shipment on, together with its event.
func (s *Service) settle(ctx context.Context, p Shipment, to State, reason string, tell func(context.Context, *store.Tx, Shipment) error) error {
	from := p.State
	next := s.now()
	if to == Booked {
		next = next.Add(nextLook(s.now().Sub(p.Since), s.look, s.longest))
	}
	if p.State, p.Reason = to, reason; from != to {
		p.Since = s.now()
	}
	return s.db.InTx(ctx, "settle shipment", func(ctx context.Context, tx *store.Tx) error {
		moved, err := move(ctx, tx, p, from, next)
		if err != nil || !moved {
			return err
		}
		if from != to {
			tx.AfterCommit(func() {
				s.tel.Log.Info().Ctx(ctx).Str("order_id", string(p.Order)).Str("state", string(to)).Str("reason", reason).Msg("shipment moved")
			})
		}
		if tell == nil {
			return nil
		}
		return tell(ctx, tx, p)
	})
}
