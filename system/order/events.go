package order

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	eventsv1 "stormglass/system/api/events/v1"
	moneyv1 "stormglass/system/api/money/v1"
	"stormglass/system/platform/events"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// queue is where the answers of the other services arrive.
const queue = "q.order"

// handlers say what each answer means for its order.
func (s *Service) handlers() map[string]events.Handler {
	return map[string]events.Handler{
		"stock.rejected.v1":      decided[*eventsv1.StockRejected](s, causeOutOfStock),
		"payment.completed.v1":   decided[*eventsv1.PaymentCompleted](s, causePaid),
		"payment.failed.v1":      decided[*eventsv1.PaymentFailed](s, causeDeclined),
		"shipment.dispatched.v1": decided[*eventsv1.ShipmentDispatched](s, causeDispatched),
		"shipment.failed.v1":     decided[*eventsv1.ShipmentFailed](s, causeShipmentFailed),
	}
}

// answer is an event about an order.
type answer interface {
	proto.Message
	GetOrderId() string
}

func decided[P answer](s *Service, c cause) events.Handler {
	return events.On(func(ctx context.Context, tx *store.Tx, e events.Event, payload P) error {
		return s.decide(ctx, tx, ID(payload.GetOrderId()), c)
	})
}

// publisher writes the events of orders into the outbox.
type publisher struct {
	tel    *telemetry.Telemetry
	outbox *events.Outbox
}

func (p publisher) Created(ctx context.Context, tx *store.Tx, o Order) error {
	return p.add(ctx, tx, "order.created.v1", o, &eventsv1.OrderCreated{
		OrderId: string(o.ID), UserId: string(o.User), Items: wireItems(o.Items), Total: wireTotal(o), CardRef: o.CardRef,
		CartVersion: o.CartVersion, DeadlineUs: o.Deadline.UnixMicro(),
	})
}

func (p publisher) Confirmed(ctx context.Context, tx *store.Tx, o Order) error {
	return p.add(ctx, tx, "order.confirmed.v1", o, &eventsv1.OrderConfirmed{
		OrderId: string(o.ID), UserId: string(o.User), Items: wireItems(o.Items), Total: wireTotal(o),
		Address: &eventsv1.Address{Name: o.Address.Name, Street: o.Address.Street, Postcode: o.Address.Postcode, City: o.Address.City, Country: o.Address.Country},
	})
}

func (p publisher) Cancelled(ctx context.Context, tx *store.Tx, o Order) error {
	return p.add(ctx, tx, "order.cancelled.v1", o, &eventsv1.OrderCancelled{OrderId: string(o.ID), UserId: string(o.User), Reason: string(o.Reason)})
}

func (p publisher) add(ctx context.Context, tx *store.Tx, typ string, o Order, payload proto.Message) error {
	e, err := events.New(ctx, p.tel, typ, string(o.ID), payload)
	if err != nil {
		return fmt.Errorf("make %s: %w", typ, err)
	}
	return p.outbox.Add(ctx, tx, e)
}

func wireItems(items []Item) []*eventsv1.Item {
	wire := make([]*eventsv1.Item, len(items))
	for i, item := range items {
		wire[i] = &eventsv1.Item{
			ProductId: item.ProductID, Quantity: item.Quantity, Title: item.Title,
			UnitPrice: &moneyv1.Money{Minor: item.UnitPrice.Minor, Currency: item.UnitPrice.Currency},
		}
	}
	return wire
}

func wireTotal(o Order) *moneyv1.Money {
	return &moneyv1.Money{Minor: o.Total.Minor, Currency: o.Total.Currency}
}
