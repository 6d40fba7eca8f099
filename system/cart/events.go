package cart

import (
	"context"

	eventsv1 "stormglass/system/api/events/v1"
	"stormglass/system/platform/events"
	"stormglass/system/platform/store"
)

// queue is where accepted orders arrive.
const queue = "q.cart"

// handlers say what to do with each event. There is no database and so no inbox here: the lines of an
// ordered version are removed once, however often the event comes.
func (s *Service) handlers() map[string]events.Handler {
	return map[string]events.Handler{
		"order.created.v1": events.On(func(ctx context.Context, _ *store.Tx, _ events.Event, o *eventsv1.OrderCreated) error {
			return s.ordered(ctx, UserID(o.GetUserId()), Version(o.GetCartVersion()))
		}),
	}
}
