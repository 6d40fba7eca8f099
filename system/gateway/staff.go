package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	inventoryv1 "stormglass/system/api/inventory/v1"
	productv1 "stormglass/system/api/product/v1"
)

const tagStaff = "Staff"

type priceChange struct {
	Price money `json:"price"`
}
type priceInput struct {
	ID   string `path:"id" maxLength:"100" doc:"The product's id."`
	Body priceChange
}
type changedOutput struct{ Body Product }

type delivery struct {
	Quantity     int64  `json:"quantity" minimum:"1" maximum:"1000000" doc:"Units that came in."`
	DeliveryNote string `json:"delivery_note" minLength:"1" maxLength:"100" example:"LS-2026-00017" doc:"The supplier's number for the delivery. Each product of a delivery is taken in once."`
}
type stockInput struct {
	Keyed
	ID   string `path:"id" maxLength:"100" doc:"The product's id."`
	Body delivery
}
type stock struct {
	ProductID string `json:"product_id"`
	Available int64  `json:"available"`
}
type stockOutput struct{ Body stock }

func (g *gateway) staffRoutes() {
	add(g, route{access: staff}, huma.Operation{
		OperationID: "change-price", Method: http.MethodPut, Path: "/v1/products/{id}/price", Tags: []string{tagStaff},
		Summary: "Set a product's price",
	}, g.changePrice)
	add(g, route{access: staff}, huma.Operation{
		OperationID: "restock", Method: http.MethodPost, Path: "/v1/products/{id}/stock", Tags: []string{tagStaff},
		Summary: "Add to a product's stock",
		Description: "A repeat with the same Idempotency-Key adds nothing and gives the same answer. The same delivery note and product under another key are " +
			"refused with 409 delivery_received, and nothing is added.",
	}, g.restock)
}

func (g *gateway) changePrice(ctx context.Context, in *priceInput) (*changedOutput, error) {
	resp, err := g.product.ChangePrice(ctx, &productv1.ChangePriceRequest{ProductId: in.ID, Price: in.Body.Price.wire()})
	if err != nil {
		return nil, err
	}
	changed := productOf(resp.GetProduct())
	g.reads.products.put(changed.ID, changed)
	return &changedOutput{changed}, nil
}

func (g *gateway) restock(ctx context.Context, in *stockInput) (*stockOutput, error) {
	resp, err := g.inventory.Restock(ctx, &inventoryv1.RestockRequest{IdempotencyKey: in.Key, ProductId: in.ID, Quantity: in.Body.Quantity, DeliveryNote: in.Body.DeliveryNote})
	if err != nil {
		return nil, err
	}
	return &stockOutput{stock{resp.GetStock().GetProductId(), resp.GetStock().GetAvailable()}}, nil
}
