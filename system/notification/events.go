package notification

import (
	"context"

	"google.golang.org/protobuf/proto"

	eventsv1 "stormglass/system/api/events/v1"
	moneyv1 "stormglass/system/api/money/v1"
	"stormglass/system/platform/events"
	"stormglass/system/platform/money"
	"stormglass/system/platform/store"
)

// queue is where everything arrives that a customer may want to hear of.
const queue = "q.notification"

// handlers say what each event means for whom.
func (s *Service) handlers() map[string]events.Handler {
	return map[string]events.Handler{
		"user.registered.v1": events.On(func(ctx context.Context, tx *store.Tx, e events.Event, p *eventsv1.UserRegistered) error {
			c := Contact{User: UserID(p.GetUserId()), Email: p.GetEmail(), Phone: p.GetPhone(), Version: 1}
			if err := s.reach(ctx, tx, c); err != nil {
				return err
			}
			return s.tell(ctx, tx, e, Welcome, c.User, "", Facts{})
		}),
		"user.changed.v1": events.On(func(ctx context.Context, tx *store.Tx, _ events.Event, p *eventsv1.UserChanged) error {
			return s.reach(ctx, tx, Contact{User: UserID(p.GetUserId()), Email: p.GetEmail(), Phone: p.GetPhone(), Version: p.GetVersion()})
		}),
		"order.confirmed.v1": told(s, Confirmation, func(p *eventsv1.OrderConfirmed) Facts {
			return Facts{Items: lines(p.GetItems()), Amount: amount(p.GetTotal())}
		}),
		"payment.completed.v1": told(s, Receipt, func(p *eventsv1.PaymentCompleted) Facts {
			return Facts{Amount: amount(p.GetAmount())}
		}),
		"shipment.dispatched.v1": told(s, Dispatch, func(p *eventsv1.ShipmentDispatched) Facts {
			return Facts{Carrier: p.GetCarrier(), Tracking: p.GetTrackingNumber()}
		}),
		"order.cancelled.v1": told(s, Cancellation, func(p *eventsv1.OrderCancelled) Facts {
			return Facts{Reason: p.GetReason()}
		}),
		"payment.refunded.v1": told(s, Refund, func(p *eventsv1.PaymentRefunded) Facts {
			return Facts{Amount: amount(p.GetAmount())}
		}),
	}
}

// about is an event about an order of somebody.
type about interface {
	proto.Message
	GetOrderId() string
	GetUserId() string
}

func told[P about](s *Service, k Kind, facts func(P) Facts) events.Handler {
	return events.On(func(ctx context.Context, tx *store.Tx, e events.Event, p P) error {
		return s.tell(ctx, tx, e, k, UserID(p.GetUserId()), OrderID(p.GetOrderId()), facts(p))
	})
}

func lines(items []*eventsv1.Item) []Line {
	out := make([]Line, len(items))
	for i, item := range items {
		out[i] = Line{Title: item.GetTitle(), Quantity: item.GetQuantity(), Price: amount(item.GetUnitPrice())}
	}
	return out
}

func amount(m *moneyv1.Money) money.Money { return money.Of(m.GetMinor(), m.GetCurrency()) }
