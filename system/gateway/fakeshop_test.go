package gateway

import (
	"context"
	"time"

	"google.golang.org/grpc"

	cartv1 "stormglass/system/api/cart/v1"
	inventoryv1 "stormglass/system/api/inventory/v1"
	orderv1 "stormglass/system/api/order/v1"
	paymentv1 "stormglass/system/api/payment/v1"
	productv1 "stormglass/system/api/product/v1"
	shippingv1 "stormglass/system/api/shipping/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
)

type fakeProduct struct {
	productv1.UnimplementedProductServiceServer
	f *fakes
}

func theLamp() *productv1.Product {
	return &productv1.Product{Id: lamp, Title: "Arc desk lamp", Brand: "Lumen", Category: "lighting", Price: euros(4999)}
}

func (p *fakeProduct) GetProduct(_ context.Context, r *productv1.GetProductRequest) (*productv1.GetProductResponse, error) {
	if err := p.f.note("product", "GetProduct", r); err != nil {
		return nil, err
	}
	if r.GetId() != lamp {
		return nil, problem.New(problem.NotFound, "product_not_found", "there is no such product")
	}
	return &productv1.GetProductResponse{Product: theLamp()}, nil
}

func (p *fakeProduct) ListCategories(_ context.Context, r *productv1.ListCategoriesRequest) (*productv1.ListCategoriesResponse, error) {
	return &productv1.ListCategoriesResponse{Categories: []*productv1.Category{{Slug: "lighting", Name: "Lighting", Products: 1}}}, p.f.note("product", "ListCategories", r)
}

func (p *fakeProduct) Search(_ context.Context, r *productv1.SearchRequest) (*productv1.SearchResponse, error) {
	return &productv1.SearchResponse{
		Products: []*productv1.Product{theLamp()}, Total: 1, Brands: []*productv1.FacetValue{{Value: "Lumen", Count: 1}},
	}, p.f.note("product", "Search", r)
}

func (p *fakeProduct) ChangePrice(_ context.Context, r *productv1.ChangePriceRequest) (*productv1.ChangePriceResponse, error) {
	changed := theLamp()
	changed.Price = r.GetPrice()
	return &productv1.ChangePriceResponse{Product: changed}, p.f.note("product", "ChangePrice", r)
}

type fakeCart struct {
	cartv1.UnimplementedCartServiceServer
	f *fakes
}

func theCart() *cartv1.Cart {
	return &cartv1.Cart{Version: 7, Items: []*cartv1.Item{{ProductId: lamp, Title: "Arc desk lamp", Quantity: 2, UnitPrice: euros(4999)}}, Total: euros(9998)}
}

func (c *fakeCart) GetCart(_ context.Context, r *cartv1.GetCartRequest) (*cartv1.GetCartResponse, error) {
	return &cartv1.GetCartResponse{Cart: theCart()}, c.f.note("cart", "GetCart", r)
}

func (c *fakeCart) SetItem(_ context.Context, r *cartv1.SetItemRequest) (*cartv1.SetItemResponse, error) {
	return &cartv1.SetItemResponse{Cart: theCart()}, c.f.note("cart", "SetItem", r)
}

func (c *fakeCart) RemoveItem(_ context.Context, r *cartv1.RemoveItemRequest) (*cartv1.RemoveItemResponse, error) {
	return &cartv1.RemoveItemResponse{Cart: theCart()}, c.f.note("cart", "RemoveItem", r)
}

func (c *fakeCart) Clear(_ context.Context, r *cartv1.ClearRequest) (*cartv1.ClearResponse, error) {
	return &cartv1.ClearResponse{Cart: &cartv1.Cart{Version: 8}}, c.f.note("cart", "Clear", r)
}

type fakeOrder struct {
	orderv1.UnimplementedOrderServiceServer
	f *fakes
}

func orderIn(state orderv1.State) *orderv1.Order {
	return &orderv1.Order{
		Id: theOrder, State: state, Total: euros(9998), CreatedUs: 1_750_000_000_000_000, UpdatedUs: 1_750_000_000_000_000,
		Items: []*orderv1.Item{{ProductId: lamp, Quantity: 2, UnitPrice: euros(4999)}}, Address: &orderv1.Address{Name: "Ada", Country: "DE"},
	}
}

func (o *fakeOrder) CreateOrder(ctx context.Context, r *orderv1.CreateOrderRequest) (*orderv1.CreateOrderResponse, error) {
	if _, err := auth.Require(ctx); err != nil {
		return nil, err
	}
	return &orderv1.CreateOrderResponse{Order: orderIn(orderv1.State_STATE_PENDING)}, o.f.note("order", "CreateOrder", r)
}

func (o *fakeOrder) GetOrder(_ context.Context, r *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) {
	if r.GetOrderId() != theOrder {
		return nil, problem.New(problem.NotFound, "order_not_found", "there is no such order of yours")
	}
	return &orderv1.GetOrderResponse{Order: orderIn(orderv1.State_STATE_CONFIRMED)}, o.f.note("order", "GetOrder", r)
}

func (o *fakeOrder) ListOrders(_ context.Context, r *orderv1.ListOrdersRequest) (*orderv1.ListOrdersResponse, error) {
	return &orderv1.ListOrdersResponse{Orders: []*orderv1.Order{orderIn(orderv1.State_STATE_SHIPPED)}, NextPageToken: "next"}, o.f.note("order", "ListOrders", r)
}

func (o *fakeOrder) CancelOrder(_ context.Context, r *orderv1.CancelOrderRequest) (*orderv1.CancelOrderResponse, error) {
	return &orderv1.CancelOrderResponse{Order: orderIn(orderv1.State_STATE_CANCELLED)}, o.f.note("order", "CancelOrder", r)
}

// WatchOrder sends pending, then each state that the test puts into changes; an unspecified one breaks the stream.
func (o *fakeOrder) WatchOrder(r *orderv1.WatchOrderRequest, stream grpc.ServerStreamingServer[orderv1.WatchOrderResponse]) error {
	if r.GetOrderId() != theOrder {
		return problem.New(problem.NotFound, "order_not_found", "there is no such order of yours")
	}
	if err := o.f.note("order", "WatchOrder", r); err != nil {
		return err
	}
	if err := stream.Send(&orderv1.WatchOrderResponse{Order: orderIn(orderv1.State_STATE_PENDING)}); err != nil {
		return err
	}
	for {
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case state := <-o.f.changes:
			if state == orderv1.State_STATE_UNSPECIFIED {
				return problem.New(problem.Unavailable, "", "order stops")
			}
			if err := stream.Send(&orderv1.WatchOrderResponse{Order: orderIn(state)}); err != nil || state != orderv1.State_STATE_CONFIRMED {
				return err
			}
		}
	}
}

type fakeInventory struct {
	inventoryv1.UnimplementedInventoryServiceServer
	f *fakes
}

func (i *fakeInventory) GetStock(_ context.Context, r *inventoryv1.GetStockRequest) (*inventoryv1.GetStockResponse, error) {
	return &inventoryv1.GetStockResponse{Stock: []*inventoryv1.Stock{{ProductId: lamp, Available: 12}}}, i.f.note("inventory", "GetStock", r)
}

func (i *fakeInventory) Restock(_ context.Context, r *inventoryv1.RestockRequest) (*inventoryv1.RestockResponse, error) {
	return &inventoryv1.RestockResponse{Stock: &inventoryv1.Stock{ProductId: r.GetProductId(), Available: 12 + r.GetQuantity()}}, i.f.note("inventory", "Restock", r)
}

type fakePayment struct {
	paymentv1.UnimplementedPaymentServiceServer
	f *fakes
}

func (p *fakePayment) RegisterCard(_ context.Context, r *paymentv1.RegisterCardRequest) (*paymentv1.RegisterCardResponse, error) {
	return &paymentv1.RegisterCardResponse{CardRef: "card_1"}, p.f.note("payment", "RegisterCard", r)
}

func (p *fakePayment) GetPayment(_ context.Context, r *paymentv1.GetPaymentRequest) (*paymentv1.GetPaymentResponse, error) {
	return &paymentv1.GetPaymentResponse{Payment: &paymentv1.Payment{State: paymentv1.State_STATE_COMPLETED, Amount: euros(9998)}}, p.f.note("payment", "GetPayment", r)
}

func (p *fakePayment) DeliverWebhook(_ context.Context, r *paymentv1.DeliverWebhookRequest) (*paymentv1.DeliverWebhookResponse, error) {
	return &paymentv1.DeliverWebhookResponse{}, p.f.note("payment", "DeliverWebhook", r)
}

type fakeShipping struct {
	shippingv1.UnimplementedShippingServiceServer
	f *fakes
}

func (s *fakeShipping) GetShipment(ctx context.Context, r *shippingv1.GetShipmentRequest) (*shippingv1.GetShipmentResponse, error) {
	if err := s.f.note("shipping", "GetShipment", r); err != nil {
		return nil, err
	}
	if s.f.silent {
		if end, ok := ctx.Deadline(); ok {
			s.f.mu.Lock()
			s.f.left = time.Until(end)
			s.f.mu.Unlock()
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, problem.New(problem.NotFound, "shipment_not_found", "there is no shipment of this order yet")
}
