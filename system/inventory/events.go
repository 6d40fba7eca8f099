package inventory

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	eventsv1 "stormglass/system/api/events/v1"
	"stormglass/system/platform/events"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// queue is where orders arrive.
const queue = "q.inventory"

func (s *Service) handlers() map[string]events.Handler {
	return map[string]events.Handler{
		"order.created.v1": events.On(func(ctx context.Context, tx *store.Tx, _ events.Event, o *eventsv1.OrderCreated) error {
			return s.Reserve(ctx, tx, OrderID(o.GetOrderId()), lines(o.GetItems()))
		}),
		"order.confirmed.v1": events.On(func(ctx context.Context, tx *store.Tx, _ events.Event, o *eventsv1.OrderConfirmed) error {
			return s.Commit(ctx, tx, OrderID(o.GetOrderId()), lines(o.GetItems()))
		}),
		"order.cancelled.v1": events.On(func(ctx context.Context, tx *store.Tx, _ events.Event, o *eventsv1.OrderCancelled) error {
			return s.Release(ctx, tx, OrderID(o.GetOrderId()))
		}),
	}
}

func lines(items []*eventsv1.Item) []Line {
	out := make([]Line, len(items))
	for i, item := range items {
		out[i] = Line{ProductID(item.GetProductId()), item.GetQuantity()}
	}
	return out
}

// publisher writes inventory's events into the outbox.
type publisher struct {
	tel    *telemetry.Telemetry
	outbox *events.Outbox
}

func (p publisher) Reserved(ctx context.Context, tx *store.Tx, order OrderID) error {
	return p.add(ctx, tx, "stock.reserved.v1", order, &eventsv1.StockReserved{OrderId: string(order)})
}

func (p publisher) Rejected(ctx context.Context, tx *store.Tx, order OrderID, product ProductID) error {
	return p.add(ctx, tx, "stock.rejected.v1", order, &eventsv1.StockRejected{OrderId: string(order), ProductId: string(product), Reason: "out_of_stock"})
}

func (p publisher) add(ctx context.Context, tx *store.Tx, typ string, order OrderID, payload proto.Message) error {
	e, err := events.New(ctx, p.tel, typ, string(order), payload)
	if err != nil {
		return fmt.Errorf("make %s: %w", typ, err)
	}
	return p.outbox.Add(ctx, tx, e)
}
