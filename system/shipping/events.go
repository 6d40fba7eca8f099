package shipping

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	eventsv1 "stormglass/system/api/events/v1"
	"stormglass/system/platform/events"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// queue is where confirmed orders arrive: goods go for these alone.
const queue = "q.shipping"

func (s *Service) handlers() map[string]events.Handler {
	return map[string]events.Handler{
		"order.confirmed.v1": events.On(func(ctx context.Context, tx *store.Tx, _ events.Event, o *eventsv1.OrderConfirmed) error {
			a := o.GetAddress()
			return s.Ship(ctx, tx, OrderID(o.GetOrderId()), UserID(o.GetUserId()),
				Address{Name: a.GetName(), Street: a.GetStreet(), Postcode: a.GetPostcode(), City: a.GetCity(), Country: a.GetCountry()})
		}),
	}
}

// publisher writes shipping's events into the outbox.
type publisher struct {
	tel    *telemetry.Telemetry
	outbox *events.Outbox
}

func (p publisher) Dispatched(ctx context.Context, tx *store.Tx, s Shipment) error {
	return p.add(ctx, tx, "shipment.dispatched.v1", s, &eventsv1.ShipmentDispatched{
		OrderId: string(s.Order), UserId: string(s.User), Carrier: s.Carrier, TrackingNumber: s.Tracking,
	})
}

func (p publisher) Failed(ctx context.Context, tx *store.Tx, s Shipment) error {
	return p.add(ctx, tx, "shipment.failed.v1", s, &eventsv1.ShipmentFailed{OrderId: string(s.Order), UserId: string(s.User), Reason: s.Reason})
}

func (p publisher) add(ctx context.Context, tx *store.Tx, typ string, s Shipment, payload proto.Message) error {
	e, err := events.New(ctx, p.tel, typ, string(s.Order), payload)
	if err != nil {
		return fmt.Errorf("make %s: %w", typ, err)
	}
	return p.outbox.Add(ctx, tx, e)
}
