package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	cartv1 "stormglass/system/api/cart/v1"
	moneyv1 "stormglass/system/api/money/v1"
)

const tagCart = "Cart"

// line is one product in a cart or an order.
type line struct {
	ProductID string `json:"product_id"`
	Title     string `json:"title"`
	Quantity  int64  `json:"quantity"`
	UnitPrice money  `json:"unit_price"`
}

// wireLine is what carts and orders have in common on the inside.
type wireLine interface {
	GetProductId() string
	GetTitle() string
	GetQuantity() int64
	GetUnitPrice() *moneyv1.Money
}

func lineOf[L wireLine](l L) line {
	return line{l.GetProductId(), l.GetTitle(), l.GetQuantity(), moneyOf(l.GetUnitPrice())}
}

type cart struct {
	Version int64  `json:"version" doc:"Rises with each change and with each item that is put in; an order names the version that it was made from."`
	Items   []line `json:"items" nullable:"false"`
	Total   money  `json:"total"`
}

type cartOutput struct{ Body cart }

func cartOf(c *cartv1.Cart) *cartOutput {
	return &cartOutput{cart{c.GetVersion(), each(c.GetItems(), lineOf[*cartv1.Item]), moneyOf(c.GetTotal())}}
}

type cartItemInput struct {
	ProductID string `path:"product_id" maxLength:"100" doc:"The product's id."`
}

type quantity struct {
	Quantity int64 `json:"quantity" minimum:"1" maximum:"99" example:"2"`
}

type setItemInput struct {
	ProductID string `path:"product_id" maxLength:"100" doc:"The product's id."`
	Body      quantity
}

func (g *gateway) cartRoutes() {
	buyer := route{access: customers, buying: true}
	add(g, buyer, huma.Operation{
		OperationID: "get-cart", Method: http.MethodGet, Path: "/v1/cart", Tags: []string{tagCart},
		Summary: "Read the cart",
	}, g.getCart)
	add(g, buyer, huma.Operation{
		OperationID: "set-cart-item", Method: http.MethodPut, Path: "/v1/cart/items/{product_id}", Tags: []string{tagCart},
		Summary: "Put a product into the cart with exactly this quantity, at its price of now",
		Description: "The cart gets a new version, also where it holds the same already: what is put into it after an order belongs to the next order and stays, " +
			"when the ordered items leave the cart.",
	}, g.setItem)
	add(g, buyer, huma.Operation{
		OperationID: "remove-cart-item", Method: http.MethodDelete, Path: "/v1/cart/items/{product_id}", Tags: []string{tagCart}, DefaultStatus: http.StatusOK,
		Summary: "Take a product out of the cart",
	}, g.removeItem)
	add(g, buyer, huma.Operation{
		OperationID: "clear-cart", Method: http.MethodDelete, Path: "/v1/cart", Tags: []string{tagCart}, DefaultStatus: http.StatusOK,
		Summary: "Empty the cart",
	}, g.clearCart)
}

func (g *gateway) getCart(ctx context.Context, _ *none) (*cartOutput, error) {
	resp, err := g.cart.GetCart(ctx, &cartv1.GetCartRequest{})
	if err != nil {
		return nil, err
	}
	return cartOf(resp.GetCart()), nil
}

func (g *gateway) setItem(ctx context.Context, in *setItemInput) (*cartOutput, error) {
	resp, err := g.cart.SetItem(ctx, &cartv1.SetItemRequest{ProductId: in.ProductID, Quantity: in.Body.Quantity})
	if err != nil {
		return nil, err
	}
	g.funnel.WithLabelValues(stepFilled).Inc()
	return cartOf(resp.GetCart()), nil
}

func (g *gateway) removeItem(ctx context.Context, in *cartItemInput) (*cartOutput, error) {
	resp, err := g.cart.RemoveItem(ctx, &cartv1.RemoveItemRequest{ProductId: in.ProductID})
	if err != nil {
		return nil, err
	}
	return cartOf(resp.GetCart()), nil
}

func (g *gateway) clearCart(ctx context.Context, _ *none) (*cartOutput, error) {
	resp, err := g.cart.Clear(ctx, &cartv1.ClearRequest{})
	if err != nil {
		return nil, err
	}
	return cartOf(resp.GetCart()), nil
}
