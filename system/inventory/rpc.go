package inventory

import (
	"context"
	"fmt"

	inventoryv1 "stormglass/system/api/inventory/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
)

// mostProducts is how many products one call may ask for.
const mostProducts = 200

// server puts the use cases on the wire.
type server struct {
	inventoryv1.UnimplementedInventoryServiceServer
	service *Service
}

func (s *server) GetStock(ctx context.Context, r *inventoryv1.GetStockRequest) (*inventoryv1.GetStockResponse, error) {
	if len(r.GetProductIds()) > mostProducts {
		return nil, problem.InvalidFields(problem.Field{Name: "product_ids", Problem: fmt.Sprintf("at most %d", mostProducts)})
	}
	ids := make([]ProductID, len(r.GetProductIds()))
	for i, id := range r.GetProductIds() {
		ids[i] = ProductID(id)
	}
	stocks, err := s.service.Stocks(ctx, ids)
	if err != nil {
		return nil, err
	}
	resp := &inventoryv1.GetStockResponse{}
	for _, stock := range stocks {
		resp.Stock = append(resp.Stock, wire(stock))
	}
	return resp, nil
}

func (s *server) Restock(ctx context.Context, r *inventoryv1.RestockRequest) (*inventoryv1.RestockResponse, error) {
	if _, err := auth.RequireRole(ctx, "staff"); err != nil {
		return nil, err
	}
	stock, err := s.service.Restock(ctx, r.GetIdempotencyKey(), r.GetDeliveryNote(), Line{ProductID(r.GetProductId()), r.GetQuantity()})
	return &inventoryv1.RestockResponse{Stock: wire(stock)}, err
}

func wire(s Stock) *inventoryv1.Stock {
	return &inventoryv1.Stock{ProductId: string(s.Product), Available: s.Available}
}
