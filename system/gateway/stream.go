package gateway

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// streamSettings are those of server-sent events.
type streamSettings struct {
	// Heartbeat is the longest silence; proxies close connections that are silent for long.
	Heartbeat time.Duration `env:"STREAM_HEARTBEAT" envDefault:"10s"`
	// Life is how long a stream stays open at most; clients come back by themselves.
	Life time.Duration `env:"STREAM_LIFE" envDefault:"30m"`
}

// streams are the open ones; they end when the gateway stops.
type streams struct {
	streamSettings
	stopping context.Context
	stop     context.CancelFunc
}

func newStreams(s streamSettings) *streams {
	ctx, cancel := context.WithCancel(context.Background())
	return &streams{s, ctx, cancel}
}

// orderState is the data of one event.
type orderState struct {
	OrderID string    `json:"order_id"`
	State   string    `json:"state" enum:"pending,confirmed,shipped,cancelled"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`
}

var orderStateType = reflect.TypeFor[orderState]()

type watchOutput struct {
	ContentType string `header:"Content-Type"`
	Body        func(huma.Context)
}

func (g *gateway) watchRoute() {
	add(g, route{access: customers, buying: true, stream: true}, huma.Operation{
		OperationID: "watch-order", Method: http.MethodGet, Path: "/v1/orders/{id}/events", Tags: []string{tagOrders},
		Summary: "Watch an order by server-sent events",
		Description: "Sends `event: state` with the order's state as it is and after each change, comments as heartbeats, and ends after " +
			"shipped or cancelled. A browser's EventSource that reconnects gets the present state first.",
		Responses: map[string]*huma.Response{"200": {
			Description: "Events named state; the data of each is an object like this",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: g.api.OpenAPI().Components.Schemas.Schema(orderStateType, true, "")}},
		}},
	}, g.watchOrder)
}

// watchOrder finds out how the order is, which may still be refused as a problem, and then streams.
func (g *gateway) watchOrder(ctx context.Context, in *orderPath) (*watchOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, g.streams.Life)
	release := context.AfterFunc(g.streams.stopping, cancel)
	end := func() { release(); cancel() }
	w := &watch{orders: g.order, ctx: ctx, id: in.ID}
	if err := w.open(); err != nil {
		end()
		return nil, err
	}
	return &watchOutput{"text/event-stream", func(h huma.Context) {
		_, out := humago.Unwrap(h)
		w.run(end, events{out, http.NewResponseController(out)}, g.streams.Heartbeat)
	}}, nil
}
