package catalogue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"regexp"
	"testing"
)

func TestCatalogueIsLargeEnoughForSearchAndFacets(t *testing.T) {
	categories, brands := map[string]int{}, map[string]int{}
	for _, p := range Products() {
		categories[p.Category]++
		brands[p.Brand]++
	}
	if got, want := len(Products()), 500; got < want {
		t.Errorf("products: got %d, want at least %d", got, want)
	}
	if got, want := len(categories), 12; got != want {
		t.Errorf("categories with products: got %d, want %d", got, want)
	}
	if got, want := len(brands), 50; got < want {
		t.Errorf("brands: got %d, want at least %d", got, want)
	}
	for _, c := range Categories() {
		if categories[c.Slug] == 0 {
			t.Errorf("category %s: got no product", c.Slug)
		}
	}
}

func TestEveryProductIsComplete(t *testing.T) {
	id := regexp.MustCompile(`^[a-z0-9-]+-\d{4}$`)
	seen, titles := map[string]bool{}, map[string]bool{}
	for _, p := range Products() {
		if !id.MatchString(p.ID) || seen[p.ID] {
			t.Errorf("product %q: want a slug with a number that nobody else has", p.ID)
		}
		if name := p.Category + " " + p.Title; titles[name] {
			t.Errorf("product %s: its title %q is taken in its category", p.ID, p.Title)
		} else {
			titles[name] = true
		}
		seen[p.ID] = true
		if p.Title == "" || p.Description == "" || p.Brand == "" || len(p.Attributes) != 3 {
			t.Errorf("product %s: something is missing: %+v", p.ID, p)
		}
		if p.Price < 500 || p.Price > 1_000_00 {
			t.Errorf("product %s: price of %d minor units is not believable", p.ID, p.Price)
		}
		if p.Stock < limitedStock {
			t.Errorf("product %s: got %d pieces in stock, want at least %d", p.ID, p.Stock, limitedStock)
		}
	}
}

func TestShelvesHaveAModelForEachVariant(t *testing.T) {
	for _, s := range shelves() {
		if len(s.models) < variants {
			t.Errorf("shelf %s: got %d models, want at least %d", s.slug, len(s.models), variants)
		}
	}
}

// Two services seed their stores from the list, at different times and perhaps from different builds: an id that
// changes loses its stock.
func TestIDsAndStockStayWhatTheyWere(t *testing.T) {
	if !reflect.DeepEqual(Products(), Products()) {
		t.Fatal("two calls gave different catalogues")
	}
	sum := sha256.New()
	for _, p := range Products() {
		fmt.Fprintln(sum, p.ID, p.Stock)
	}
	const want = "f96a6bfe68262a2f137549d2f38fde6f57f2489f44bf33e125fc5a91242c6bb9"
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("digest of all ids and stocks: got %s, want %s", got, want)
	}
}
