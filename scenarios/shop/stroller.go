package shop

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"stormglass/chaos/load"
	"stormglass/system/api/catalogue"
)

// strollerName is the name of the shopper who only looks.
const strollerName = "window-shopping"

// stroller is the shopper window-shopping. The words that it searches for differ from visit to visit, so that no cache can
// answer.
type stroller struct {
	client *client
	words  []string
}

// Prepare reads what there is to search for.
func (s *stroller) Prepare(_ context.Context, target load.Target) error {
	s.client = newClient(target.BaseURL, target.Doors...)
	for _, p := range catalogue.Products() {
		s.words = append(s.words, p.Title)
	}
	return nil
}

// Visit searches, and looks at what it found.
func (s *stroller) Visit(ctx context.Context, v *load.Visit) {
	var found struct{ Products []product }
	query := url.Values{"text": {s.words[v.Rand.IntN(len(s.words))]}, "page_size": {fmt.Sprint(1 + v.Rand.IntN(40))}}
	if s.look(ctx, v, opSearch, "/v1/products?"+query.Encode(), &found) && len(found.Products) > 0 {
		s.look(ctx, v, opView, "/v1/products/"+found.Products[0].ID, nil)
	}
}

func (s *stroller) look(ctx context.Context, v *load.Visit, name, path string, into any) bool {
	return v.Do(ctx, name, func(ctx context.Context, op *load.Operation) error {
		return s.client.do(ctx, op, request{method: http.MethodGet, path: path}, into)
	}) == nil
}
