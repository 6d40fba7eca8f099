package order

import (
	"context"

	cartv1 "stormglass/system/api/cart/v1"
	productv1 "stormglass/system/api/product/v1"
	"stormglass/system/platform/money"
)

// carts is the cart service.
type carts struct{ client cartv1.CartServiceClient }

func (c carts) Cart(ctx context.Context) (Cart, error) {
	resp, err := c.client.GetCart(ctx, &cartv1.GetCartRequest{})
	if err != nil {
		return Cart{}, err
	}
	cart := Cart{Version: resp.GetCart().GetVersion()}
	for _, item := range resp.GetCart().GetItems() {
		cart.Items = append(cart.Items, Item{
			ProductID: item.GetProductId(), Title: item.GetTitle(), Quantity: item.GetQuantity(),
			UnitPrice:   money.Of(item.GetUnitPrice().GetMinor(), item.GetUnitPrice().GetCurrency()),
			LineVersion: item.GetVersion(),
		})
	}
	return cart, nil
}

// catalogue is the product service.
type catalogue struct {
	client productv1.ProductServiceClient
}

func (c catalogue) Prices(ctx context.Context, ids []string) (map[string]money.Money, error) {
	resp, err := c.client.GetProducts(ctx, &productv1.GetProductsRequest{Ids: ids})
	if err != nil {
		return nil, err
	}
	prices := make(map[string]money.Money, len(ids))
	for _, p := range resp.GetProducts() {
		prices[p.GetId()] = money.Of(p.GetPrice().GetMinor(), p.GetPrice().GetCurrency())
	}
	return prices, nil
}
