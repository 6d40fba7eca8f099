package gateway

import (
	"context"

	"google.golang.org/protobuf/proto"

	productv1 "stormglass/system/api/product/v1"
	"stormglass/system/platform/problem"
)

type searchInput struct {
	Text       string   `query:"text" maxLength:"200" doc:"Words to look for; empty matches everything."`
	Categories []string `query:"category,explode" maxItems:"20" doc:"Category slugs; repeat the parameter for alternatives."`
	Brands     []string `query:"brand,explode" maxItems:"20" doc:"Brands; repeat the parameter for alternatives."`
	MinPrice   int64    `query:"min_price" minimum:"0" maximum:"9007199254740991" doc:"Minor units, inclusive; 0 is no bound."`
	MaxPrice   int64    `query:"max_price" minimum:"0" maximum:"9007199254740991" doc:"Minor units, inclusive; 0 is no bound."`
	Sort       string   `query:"sort" enum:"relevance,price_asc,price_desc,title" default:"relevance"`
	Page       int32    `query:"page" minimum:"1" maximum:"1000" default:"1"`
	PageSize   int32    `query:"page_size" minimum:"1" maximum:"100" default:"20"`
}

type facetValue struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

type facets struct {
	Categories []facetValue `json:"categories" nullable:"false"`
	Brands     []facetValue `json:"brands" nullable:"false"`
	Prices     []facetValue `json:"prices" nullable:"false" doc:"Ranges of minor units such as 2000-5000, the upper end exclusive."`
}

// Found is one page of a search.
type Found struct {
	Products []Product `json:"products" nullable:"false"`
	Total    int64     `json:"total" doc:"How many products match, on all pages."`
	Facets   facets    `json:"facets"`
}

type searchPage struct {
	Found
	Page     int32 `json:"page"`
	PageSize int32 `json:"page_size"`
	Stale    bool  `json:"stale" doc:"True when this is an older copy, because the catalogue is away."`
}

type searchOutput struct {
	Cached
	Body searchPage
}

var sorts = map[string]productv1.Sort{
	"price_asc":  productv1.Sort_SORT_PRICE_ASC,
	"price_desc": productv1.Sort_SORT_PRICE_DESC,
	"title":      productv1.Sort_SORT_TITLE,
}

func (g *gateway) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	if in.MaxPrice > 0 && in.MinPrice > in.MaxPrice {
		return nil, problem.InvalidFields(problem.Field{Name: "min_price", Problem: "at most max_price"})
	}
	request := &productv1.SearchRequest{
		Text: in.Text, Categories: in.Categories, Brands: in.Brands, MinPrice: in.MinPrice, MaxPrice: in.MaxPrice,
		Sort: sorts[in.Sort], Page: in.Page, PageSize: in.PageSize,
	}
	page, from, err := read(ctx, g.reads.searches, key(request), func(ctx context.Context) (Found, error) {
		resp, err := g.product.Search(ctx, request)
		found := foundIn(resp)
		for _, p := range found.Products { // whoever saw the list can open what it lists, should the catalogue go away now
			g.reads.products.spare(p.ID, p)
		}
		return found, err
	})
	if err != nil {
		return nil, err
	}
	return &searchOutput{g.reads.headers(from), searchPage{page, in.Page, in.PageSize, from == stale}}, nil
}

// key tells searches apart.
func key(request proto.Message) string {
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		panic("encode a search of valid texts: " + err.Error())
	}
	return string(encoded)
}

func foundIn(resp *productv1.SearchResponse) Found {
	value := func(v *productv1.FacetValue) facetValue { return facetValue{v.GetValue(), v.GetCount()} }
	return Found{
		Products: each(resp.GetProducts(), productOf), Total: resp.GetTotal(),
		Facets: facets{each(resp.GetCategories(), value), each(resp.GetBrands(), value), each(resp.GetPrices(), value)},
	}
}
