package order

import (
	"context"
	"encoding/base64"
	"fmt"

	moneyv1 "stormglass/system/api/money/v1"
	orderv1 "stormglass/system/api/order/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"

	"google.golang.org/grpc"
)

// Page sizes of ListOrders.
const (
	defaultPage = 20
	largestPage = 100
)

// server puts the use cases on the wire.
type server struct {
	orderv1.UnimplementedOrderServiceServer
	service *Service
}

func (s *server) CreateOrder(ctx context.Context, r *orderv1.CreateOrderRequest) (*orderv1.CreateOrderResponse, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.service.Create(ctx, Request{
		User: UserID(who.UserID), Key: r.GetIdempotencyKey(), CartVersion: r.GetCartVersion(),
		ExpectedTotal: money.Of(r.GetExpectedTotal().GetMinor(), r.GetExpectedTotal().GetCurrency()), CardRef: r.GetCardRef(),
		Address: Address{
			Name: r.GetAddress().GetName(), Street: r.GetAddress().GetStreet(), Postcode: r.GetAddress().GetPostcode(),
			City: r.GetAddress().GetCity(), Country: r.GetAddress().GetCountry(),
		},
	})
	return &orderv1.CreateOrderResponse{Order: wire(o)}, err
}

func (s *server) GetOrder(ctx context.Context, r *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.service.Get(ctx, UserID(who.UserID), ID(r.GetOrderId()))
	return &orderv1.GetOrderResponse{Order: wire(o)}, err
}

func (s *server) ListOrders(ctx context.Context, r *orderv1.ListOrdersRequest) (*orderv1.ListOrdersResponse, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	size := int(r.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	if size < 0 || size > largestPage {
		return nil, problem.InvalidFields(problem.Field{Name: "page_size", Problem: fmt.Sprintf("1 to %d", largestPage)})
	}
	after, err := parsePosition(r.GetPageToken())
	if err != nil {
		return nil, problem.InvalidFields(problem.Field{Name: "page_token", Problem: "the next_page_token of the page before, unchanged"})
	}
	orders, err := s.service.List(ctx, UserID(who.UserID), after, size+1)
	if err != nil {
		return nil, err
	}
	resp := &orderv1.ListOrdersResponse{}
	if len(orders) > size {
		orders = orders[:size]
		resp.NextPageToken = orders[size-1].position()
	}
	for _, o := range orders {
		resp.Orders = append(resp.Orders, wire(o))
	}
	return resp, nil
}

func (s *server) CancelOrder(ctx context.Context, r *orderv1.CancelOrderRequest) (*orderv1.CancelOrderResponse, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.service.Cancel(ctx, UserID(who.UserID), ID(r.GetOrderId()))
	return &orderv1.CancelOrderResponse{Order: wire(o)}, err
}

func (s *server) WatchOrder(r *orderv1.WatchOrderRequest, stream grpc.ServerStreamingServer[orderv1.WatchOrderResponse]) error {
	who, err := auth.Require(stream.Context())
	if err != nil {
		return err
	}
	return s.service.Watch(stream.Context(), UserID(who.UserID), ID(r.GetOrderId()), func(o Order) error {
		return stream.Send(&orderv1.WatchOrderResponse{Order: wire(o)})
	})
}

// position is a page token: where this order stands in the list.
func (o Order) position() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", o.Created.UnixMicro(), o.ID))
}

func parsePosition(token string) (*position, error) {
	if token == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, fmt.Errorf("decode page token: %w", err)
	}
	var p position
	if _, err := fmt.Sscanf(string(raw), "%d %s", &p.created, &p.id); err != nil {
		return nil, fmt.Errorf("read page token: %w", err)
	}
	return &p, nil
}

var wireStates = map[State]orderv1.State{
	Pending:   orderv1.State_STATE_PENDING,
	Confirmed: orderv1.State_STATE_CONFIRMED,
	Shipped:   orderv1.State_STATE_SHIPPED,
	Cancelled: orderv1.State_STATE_CANCELLED,
}

func wire(o Order) *orderv1.Order {
	w := &orderv1.Order{
		Id: string(o.ID), State: wireStates[o.State], Reason: string(o.Reason), Total: wireTotal(o),
		Address:   &orderv1.Address{Name: o.Address.Name, Street: o.Address.Street, Postcode: o.Address.Postcode, City: o.Address.City, Country: o.Address.Country},
		CreatedUs: o.Created.UnixMicro(), UpdatedUs: o.Updated.UnixMicro(),
	}
	for _, item := range o.Items {
		w.Items = append(w.Items, &orderv1.Item{
			ProductId: item.ProductID, Title: item.Title, Quantity: item.Quantity,
			UnitPrice: &moneyv1.Money{Minor: item.UnitPrice.Minor, Currency: item.UnitPrice.Currency},
		})
	}
	return w
}
