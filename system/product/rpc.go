package product

import (
	"context"

	moneyv1 "stormglass/system/api/money/v1"
	productv1 "stormglass/system/api/product/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/money"
)

// staff is the role that may change prices.
const staff = "staff"

// server puts the use cases on the wire.
type server struct {
	productv1.UnimplementedProductServiceServer
	service *Service
}

func (s *server) GetProduct(ctx context.Context, r *productv1.GetProductRequest) (*productv1.GetProductResponse, error) {
	p, err := s.service.Product(ctx, ID(r.GetId()))
	return &productv1.GetProductResponse{Product: wire(p)}, err
}

func (s *server) GetProducts(ctx context.Context, r *productv1.GetProductsRequest) (*productv1.GetProductsResponse, error) {
	ids := make([]ID, len(r.GetIds()))
	for i, id := range r.GetIds() {
		ids[i] = ID(id)
	}
	products, err := s.service.Products(ctx, ids)
	return &productv1.GetProductsResponse{Products: wireAll(products)}, err
}

func (s *server) ListCategories(context.Context, *productv1.ListCategoriesRequest) (*productv1.ListCategoriesResponse, error) {
	resp := &productv1.ListCategoriesResponse{}
	for _, c := range s.service.Categories() {
		resp.Categories = append(resp.Categories, &productv1.Category{Slug: c.Slug, Name: c.Name, Products: int64(c.Products)})
	}
	return resp, nil
}

func (s *server) Search(ctx context.Context, r *productv1.SearchRequest) (*productv1.SearchResponse, error) {
	found, err := s.service.Search(ctx, Query{
		Text: r.GetText(), Categories: r.GetCategories(), Brands: r.GetBrands(), MinPrice: r.GetMinPrice(), MaxPrice: r.GetMaxPrice(),
		Order: Order(r.GetSort()), Page: int(r.GetPage()), Size: int(r.GetPageSize()),
	})
	return &productv1.SearchResponse{
		Products: wireAll(found.Products), Total: int64(found.Total),
		Categories: wireCounts(found.Categories), Brands: wireCounts(found.Brands), Prices: wireCounts(found.Prices),
	}, err
}

func (s *server) ChangePrice(ctx context.Context, r *productv1.ChangePriceRequest) (*productv1.ChangePriceResponse, error) {
	if _, err := auth.RequireRole(ctx, staff); err != nil {
		return nil, err
	}
	p, err := s.service.ChangePrice(ctx, ID(r.GetProductId()), money.Of(r.GetPrice().GetMinor(), r.GetPrice().GetCurrency()))
	return &productv1.ChangePriceResponse{Product: wire(p)}, err
}

func wire(p Product) *productv1.Product {
	return &productv1.Product{
		Id: string(p.ID), Title: p.Title, Description: p.Description, Brand: p.Brand, Category: p.Category,
		Price: &moneyv1.Money{Minor: p.Price.Minor, Currency: p.Price.Currency}, Attributes: p.Attributes, UpdatedUs: p.Updated.UnixMicro(),
	}
}

func wireAll(products []Product) []*productv1.Product {
	all := make([]*productv1.Product, len(products))
	for i, p := range products {
		all[i] = wire(p)
	}
	return all
}

func wireCounts(counts []Count) []*productv1.FacetValue {
	all := make([]*productv1.FacetValue, len(counts))
	for i, c := range counts {
		all[i] = &productv1.FacetValue{Value: c.Value, Count: int64(c.N)}
	}
	return all
}
