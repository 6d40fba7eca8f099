package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	orderv1 "stormglass/system/api/order/v1"
)

// routeCheckout is where orders are placed; the objectives in alerts/ watch it by this name.
const routeCheckout = "/v1/orders"

type order struct {
	ID        string    `json:"id"`
	State     string    `json:"state" enum:"pending,confirmed,shipped,cancelled"`
	Reason    string    `json:"reason,omitempty" doc:"Why it was cancelled: out_of_stock, payment_declined, deadline, customer, shipment_failed."`
	Items     []line    `json:"items" nullable:"false"`
	Total     money     `json:"total"`
	Address   Address   `json:"address"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func orderOf(o *orderv1.Order) order {
	return order{
		o.GetId(), word(o.GetState()), o.GetReason(), each(o.GetItems(), lineOf[*orderv1.Item]), moneyOf(o.GetTotal()),
		addressOfOrder(o.GetAddress()), instant(o.GetCreatedUs()), instant(o.GetUpdatedUs()),
	}
}

// checkout is what a customer orders with: what they saw, where it goes, and how they pay.
type checkout struct {
	CartVersion   int64   `json:"cart_version" minimum:"1" maximum:"9007199254740991" doc:"The cart's version that the customer saw."`
	ExpectedTotal money   `json:"expected_total" doc:"The total that the customer saw."`
	Address       Address `json:"address"`
	CardRef       string  `json:"card_ref" minLength:"1" maxLength:"200" doc:"What POST /v1/cards gave."`
}

type checkoutInput struct {
	Keyed
	Body checkout
}
type checkoutOutput struct {
	Location string `header:"Location" doc:"Where the order can be read."`
	Body     order
}

type orderPath struct {
	ID string `path:"id" maxLength:"36" doc:"The order's id."`
}
type orderOutput struct{ Body order }

type listOrdersInput struct {
	PageSize  int32  `query:"page_size" minimum:"1" maximum:"100" default:"20"`
	PageToken string `query:"page_token" maxLength:"200" doc:"next_page_token of the page before."`
}
type orderList struct {
	Orders        []order `json:"orders" nullable:"false" doc:"The newest first."`
	NextPageToken string  `json:"next_page_token" doc:"Empty on the last page."`
}
type orderListOutput struct{ Body orderList }

func (g *gateway) orderRoutes() {
	buyer := route{access: customers, buying: true}
	add(g, buyer, huma.Operation{
		OperationID: "place-order", Method: http.MethodPost, Path: routeCheckout, Tags: []string{tagOrders}, DefaultStatus: http.StatusAccepted,
		Summary: "Order what the cart holds",
		Description: "The order is accepted at once and decided afterwards: watch it at its Location. Repeat with the same Idempotency-Key after a lost answer; " +
			"it gives the same order. A cart or total that is not what the customer saw is refused with 409. A version of the cart is ordered once: a further order of it, under another key, " +
			"is refused with 409 cart_ordered, and resource names the first order. That order's items leave the cart. To order the same again, also after the " +
			"first order was cancelled, put the items into the cart again and order its new version.",
	}, g.placeOrder)
	add(g, buyer, huma.Operation{
		OperationID: "list-orders", Method: http.MethodGet, Path: "/v1/orders", Tags: []string{tagOrders},
		Summary: "List one's own orders",
	}, g.listOrders)
	add(g, buyer, huma.Operation{
		OperationID: "get-order", Method: http.MethodGet, Path: "/v1/orders/{id}", Tags: []string{tagOrders},
		Summary: "Read an order with its payment and shipment",
	}, g.getOrder)
	add(g, buyer, huma.Operation{
		OperationID: "cancel-order", Method: http.MethodPost, Path: "/v1/orders/{id}/cancel", Tags: []string{tagOrders},
		Summary: "Cancel an order that is not confirmed yet",
	}, g.cancelOrder)
	g.watchRoute()
}

func (g *gateway) placeOrder(ctx context.Context, in *checkoutInput) (*checkoutOutput, error) {
	g.funnel.WithLabelValues(stepCheckout).Inc()
	resp, err := g.order.CreateOrder(ctx, &orderv1.CreateOrderRequest{
		IdempotencyKey: in.Key, CartVersion: in.Body.CartVersion, ExpectedTotal: in.Body.ExpectedTotal.wire(),
		Address: in.Body.Address.forOrder(), CardRef: in.Body.CardRef,
	})
	if err != nil {
		return nil, err
	}
	g.funnel.WithLabelValues(stepAccepted).Inc()
	return &checkoutOutput{"/v1/orders/" + resp.GetOrder().GetId(), orderOf(resp.GetOrder())}, nil
}

func (g *gateway) listOrders(ctx context.Context, in *listOrdersInput) (*orderListOutput, error) {
	resp, err := g.order.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: in.PageSize, PageToken: in.PageToken})
	if err != nil {
		return nil, err
	}
	return &orderListOutput{orderList{each(resp.GetOrders(), orderOf), resp.GetNextPageToken()}}, nil
}

func (g *gateway) cancelOrder(ctx context.Context, in *orderPath) (*orderOutput, error) {
	resp, err := g.order.CancelOrder(ctx, &orderv1.CancelOrderRequest{OrderId: in.ID})
	if err != nil {
		return nil, err
	}
	return &orderOutput{orderOf(resp.GetOrder())}, nil
}
