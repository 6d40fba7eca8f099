package product

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// bands are where the price facet divides, in minor units.
var bands = []int64{0, 20_00, 50_00, 100_00, 200_00, 500_00}

// hit is a product that a search found.
type hit struct {
	*Product
	score float64
}

// search finds a page of products. The query has been checked.
func (x *index) search(ctx context.Context, q Query) (Results, error) {
	var scores map[ID]float64
	text := q.words()
	if len(text) > 0 {
		var err error
		if scores, err = x.words.find(ctx, text); err != nil {
			return Results{}, err
		}
	}
	found := newFound(q)
	for _, p := range x.all() {
		if score, matches := scores[p.ID]; matches || len(text) == 0 {
			found.add(hit{p, score})
		}
	}
	return found.results(), nil
}

// found is what a search has come upon so far.
type found struct {
	query Query
	hits  []hit
	// Products by value, for each filter.
	categories, brands, prices map[string]int
}

func newFound(q Query) *found {
	return &found{query: q, categories: map[string]int{}, brands: map[string]int{}, prices: map[string]int{}}
}

// add files a product that has the words. A product that passes all filters is a hit and counts in every facet; one
// that only a single filter keeps out counts in that filter's facet, as what would be found without it.
func (f *found) add(h hit) {
	category := len(f.query.Categories) == 0 || slices.Contains(f.query.Categories, h.Category)
	brand := len(f.query.Brands) == 0 || slices.Contains(f.query.Brands, h.Brand)
	price := h.Price.Minor >= f.query.MinPrice && (f.query.MaxPrice == 0 || h.Price.Minor <= f.query.MaxPrice)
	if brand && price {
		f.categories[h.Category]++
	}
	if category && price {
		f.brands[h.Brand]++
	}
	if category && brand {
		f.prices[band(h.Price.Minor)]++
	}
	if category && brand && price {
		f.hits = append(f.hits, h)
	}
}

// results sorts what was found and cuts the page out of it.
func (f *found) results() Results {
	r := Results{Total: len(f.hits), Categories: counts(f.categories), Brands: counts(f.brands)}
	for _, low := range bands {
		if name := band(low); f.prices[name] > 0 {
			r.Prices = append(r.Prices, Count{name, f.prices[name]})
		}
	}
	slices.SortFunc(f.hits, f.query.compare)
	from := min((f.query.Page-1)*f.query.Size, len(f.hits))
	for _, h := range f.hits[from:min(from+f.query.Size, len(f.hits))] {
		r.Products = append(r.Products, *h.Product)
	}
	return r
}

// compare puts two hits into the order that was asked for. The id decides where nothing else does, so that pages do not
// overlap.
func (q Query) compare(a, b hit) int {
	var first int
	switch q.Order {
	case ByRelevance:
		first = cmp.Compare(b.score, a.score)
	case ByPrice:
		first = cmp.Compare(a.Price.Minor, b.Price.Minor)
	case ByPriceDescending:
		first = cmp.Compare(b.Price.Minor, a.Price.Minor)
	}
	if first != 0 {
		return first
	}
	return cmp.Or(strings.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
}

// band names the part of the price facet that a price falls into: its lower end, inclusive, and its upper one, exclusive.
func band(minor int64) string {
	i, exact := slices.BinarySearch(bands, minor)
	if exact {
		i++
	}
	if i == len(bands) {
		return fmt.Sprintf("%d-", bands[i-1])
	}
	return fmt.Sprintf("%d-%d", bands[i-1], bands[i])
}

// counts lists a facet's values, the most frequent first.
func counts(of map[string]int) []Count {
	var out []Count
	for value, n := range of {
		out = append(out, Count{value, n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Value, b.Value)) })
	return out
}
