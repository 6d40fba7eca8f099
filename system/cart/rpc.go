package cart

import (
	"context"

	cartv1 "stormglass/system/api/cart/v1"
	moneyv1 "stormglass/system/api/money/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
)

// server puts the use cases on the wire. Every call is about the caller's own cart.
type server struct {
	cartv1.UnimplementedCartServiceServer
	service *Service
}

func (s *server) GetCart(ctx context.Context, _ *cartv1.GetCartRequest) (*cartv1.GetCartResponse, error) {
	c, err := own(ctx, func(user UserID) (Cart, error) { return s.service.Get(ctx, user) })
	return &cartv1.GetCartResponse{Cart: c}, err
}

func (s *server) SetItem(ctx context.Context, r *cartv1.SetItemRequest) (*cartv1.SetItemResponse, error) {
	c, err := own(ctx, func(user UserID) (Cart, error) {
		return s.service.SetItem(ctx, user, ProductID(r.GetProductId()), r.GetQuantity())
	})
	return &cartv1.SetItemResponse{Cart: c}, err
}

func (s *server) RemoveItem(ctx context.Context, r *cartv1.RemoveItemRequest) (*cartv1.RemoveItemResponse, error) {
	c, err := own(ctx, func(user UserID) (Cart, error) {
		return s.service.RemoveItem(ctx, user, ProductID(r.GetProductId()))
	})
	return &cartv1.RemoveItemResponse{Cart: c}, err
}

func (s *server) Clear(ctx context.Context, _ *cartv1.ClearRequest) (*cartv1.ClearResponse, error) {
	c, err := own(ctx, func(user UserID) (Cart, error) { return s.service.Clear(ctx, user) })
	return &cartv1.ClearResponse{Cart: c}, err
}

// own does something with the calling user's cart and gives what came of it for the wire.
func own(ctx context.Context, use func(UserID) (Cart, error)) (*cartv1.Cart, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	c, err := use(UserID(who.UserID))
	if err != nil {
		return nil, err
	}
	return wire(c)
}

func wire(c Cart) (*cartv1.Cart, error) {
	total, err := c.total()
	if err != nil {
		return nil, problem.Wrap(err, problem.Conflict, "total_out_of_range", "this cart cannot be added up: take something out")
	}
	w := &cartv1.Cart{Version: int64(c.Version), Total: wireMoney(total)}
	for _, item := range c.Items {
		w.Items = append(w.Items, &cartv1.Item{
			ProductId: string(item.Product), Title: item.Title, Quantity: item.Quantity, UnitPrice: wireMoney(item.UnitPrice), Version: int64(item.Version),
		})
	}
	return w, nil
}

func wireMoney(m money.Money) *moneyv1.Money {
	return &moneyv1.Money{Minor: m.Minor, Currency: m.Currency}
}
