package payment

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	eventsv1 "stormglass/system/api/events/v1"
	moneyv1 "stormglass/system/api/money/v1"
	"stormglass/system/platform/events"
	"stormglass/system/platform/money"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// queue is where orders and the news of their stock arrive.
const queue = "q.payment"

func (s *Service) handlers() map[string]events.Handler {
	return map[string]events.Handler{
		"order.created.v1": events.On(func(ctx context.Context, tx *store.Tx, _ events.Event, o *eventsv1.OrderCreated) error {
			return s.Ordered(ctx, tx, OrderID(o.GetOrderId()), UserID(o.GetUserId()),
				money.Of(o.GetTotal().GetMinor(), o.GetTotal().GetCurrency()), CardRef(o.GetCardRef()))
		}),
		"stock.reserved.v1": events.On(func(ctx context.Context, tx *store.Tx, _ events.Event, r *eventsv1.StockReserved) error {
			return s.StockReserved(ctx, tx, OrderID(r.GetOrderId()))
		}),
		"order.cancelled.v1": events.On(func(ctx context.Context, tx *store.Tx, _ events.Event, o *eventsv1.OrderCancelled) error {
			return s.OrderCancelled(ctx, tx, OrderID(o.GetOrderId()))
		}),
	}
}

// publisher writes payment's events into the outbox.
type publisher struct {
	tel    *telemetry.Telemetry
	outbox *events.Outbox
}

func (p publisher) Completed(ctx context.Context, tx *store.Tx, pay Payment) error {
	return p.add(ctx, tx, "payment.completed.v1", pay, &eventsv1.PaymentCompleted{OrderId: string(pay.Order), UserId: string(pay.User), Amount: wireAmount(pay)})
}

func (p publisher) Failed(ctx context.Context, tx *store.Tx, pay Payment) error {
	return p.add(ctx, tx, "payment.failed.v1", pay, &eventsv1.PaymentFailed{OrderId: string(pay.Order), UserId: string(pay.User), Reason: pay.Reason})
}

func (p publisher) Refunded(ctx context.Context, tx *store.Tx, pay Payment) error {
	return p.add(ctx, tx, "payment.refunded.v1", pay, &eventsv1.PaymentRefunded{OrderId: string(pay.Order), UserId: string(pay.User), Amount: wireAmount(pay)})
}

func (p publisher) add(ctx context.Context, tx *store.Tx, typ string, pay Payment, payload proto.Message) error {
	e, err := events.New(ctx, p.tel, typ, string(pay.Order), payload)
	if err != nil {
		return fmt.Errorf("make %s: %w", typ, err)
	}
	return p.outbox.Add(ctx, tx, e)
}

func wireAmount(p Payment) *moneyv1.Money {
	return &moneyv1.Money{Minor: p.Amount.Minor, Currency: p.Amount.Currency}
}
