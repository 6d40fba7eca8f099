package gateway

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	inventoryv1 "stormglass/system/api/inventory/v1"
	productv1 "stormglass/system/api/product/v1"
	"stormglass/system/platform/problem"
)

const tagCatalogue = "Catalogue"

// Product is one product of the catalogue.
type Product struct {
	ID          string            `json:"id" example:"desk-lamp-arc-0042"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Brand       string            `json:"brand"`
	Category    string            `json:"category" doc:"A category's slug."`
	Price       money             `json:"price"`
	Attributes  map[string]string `json:"attributes" doc:"Name to value, such as colour: oak."`
}

func productOf(p *productv1.Product) Product {
	attributes := p.GetAttributes()
	if attributes == nil {
		attributes = map[string]string{}
	}
	return Product{
		p.GetId(), p.GetTitle(), p.GetDescription(), p.GetBrand(), p.GetCategory(), moneyOf(p.GetPrice()), attributes,
	}
}

type category struct {
	Slug     string `json:"slug"`
	Name     string `json:"name"`
	Products int64  `json:"products" doc:"How many there are in it."`
}

// productPage is one product with what can be had of it.
type productPage struct {
	Product
	Availability *int64   `json:"availability" doc:"Units that can be ordered now; null when that is not known just now."`
	Stale        bool     `json:"stale" doc:"True when this is an older copy, because the catalogue is away."`
	Degraded     []string `json:"degraded" nullable:"false" doc:"The parts that are missing because their service is away."`
}

type categoriesPage struct {
	Categories []category `json:"categories" nullable:"false"`
	Stale      bool       `json:"stale" doc:"True when this is an older copy, because the catalogue is away."`
}

type productInput struct {
	ID string `path:"id" maxLength:"100" doc:"The product's id."`
}

// Cached are the headers of an answer that may come from the gateway's own copy.
type Cached struct {
	Control string `header:"Cache-Control"`
	Cache   string `header:"X-Cache" enum:"hit,miss,stale" doc:"Where the answer came from; stale: an older copy, because the service is away."`
	Warning string `header:"Warning" doc:"Present on a stale answer (RFC 7234, 110)."`
}

type productOutput struct {
	Cached
	Body productPage
}
type categoriesOutput struct {
	Cached
	Body categoriesPage
}

func (g *gateway) catalogueRoutes() {
	add(g, route{}, huma.Operation{
		OperationID: "list-categories", Method: http.MethodGet, Path: "/v1/categories", Tags: []string{tagCatalogue},
		Summary: "List all categories",
	}, g.listCategories)
	add(g, route{}, huma.Operation{
		OperationID: "search-products", Method: http.MethodGet, Path: "/v1/products", Tags: []string{tagCatalogue},
		Summary: "Search and filter products, with facets",
	}, g.search)
	add(g, route{}, huma.Operation{
		OperationID: "get-product", Method: http.MethodGet, Path: "/v1/products/{id}", Tags: []string{tagCatalogue},
		Summary: "Read one product and its availability",
	}, g.getProduct)
}

func (g *gateway) listCategories(ctx context.Context, _ *none) (*categoriesOutput, error) {
	list, from, err := read(ctx, g.reads.categories, "", func(ctx context.Context) ([]category, error) {
		resp, err := g.product.ListCategories(ctx, &productv1.ListCategoriesRequest{})
		return each(resp.GetCategories(), func(c *productv1.Category) category {
			return category{c.GetSlug(), c.GetName(), c.GetProducts()}
		}), err
	})
	if err != nil {
		return nil, err
	}
	return &categoriesOutput{g.reads.headers(from), categoriesPage{list, from == stale}}, nil
}

func (g *gateway) getProduct(ctx context.Context, in *productInput) (*productOutput, error) {
	units := make(chan *int64, 1)
	go func() { units <- g.availability(ctx, in.ID) }()
	p, from, err := read(ctx, g.reads.products, in.ID, func(ctx context.Context) (Product, error) {
		resp, err := g.product.GetProduct(ctx, &productv1.GetProductRequest{Id: in.ID})
		return productOf(resp.GetProduct()), err
	})
	page := productPage{Product: p, Availability: <-units, Stale: from == stale, Degraded: []string{}}
	if err != nil {
		return nil, err
	}
	if page.Availability == nil {
		page.Degraded = append(page.Degraded, "availability")
	}
	g.funnel.WithLabelValues(stepViewed).Inc()
	return &productOutput{g.reads.headers(from), page}, nil
}

// availability gives how many units of a product can be had, or nil when inventory does not say.
func (g *gateway) availability(ctx context.Context, id string) *int64 {
	ctx, cancel := context.WithTimeout(ctx, partLimit)
	defer cancel()
	resp, err := g.inventory.GetStock(ctx, &inventoryv1.GetStockRequest{ProductIds: []string{id}})
	if err != nil {
		g.fellBack(ctx, "inventory", "GetStock", err)
		return nil
	}
	var units int64
	for _, s := range resp.GetStock() {
		units = s.GetAvailable()
	}
	return &units
}

// fellBack counts an answer that goes out without a neighbour's part.
func (g *gateway) fellBack(ctx context.Context, server, operation string, err error) {
	if problem.CodeOf(err) == problem.Canceled {
		return
	}
	g.fallbacks.WithLabelValues(server, operation).Inc()
	g.logProblem(ctx, fmt.Errorf("answered without %s: %w", server, err))
}
