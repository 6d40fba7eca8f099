package product

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/system/api/catalogue"
)

func fullIndex(t *testing.T) *index {
	t.Helper()
	x, err := newIndex()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.close(); err != nil {
			t.Errorf("close index: %v", err)
		}
	})
	if _, err := x.put(absent(nil)...); err != nil {
		t.Fatal(err)
	}
	return x
}

func search(t *testing.T, x *index, q Query) Results {
	t.Helper()
	if err := q.check(); err != nil {
		t.Fatalf("search %+v: %v", q, err)
	}
	r, err := x.search(t.Context(), q)
	if err != nil {
		t.Fatalf("search %+v: %v", q, err)
	}
	return r
}

func TestSearchPutsTheBestMatchFirst(t *testing.T) {
	x := fullIndex(t)
	tests := []struct{ text, first string }{
		{"desk lamp", "Desk Lamp"},
		{"lamps", "Lamp"}, // stemmed
		{"a lamp for the desk", "Desk Lamp"},
		{"keyboard", "Mechanical Keyboard"},
		{"kettel", "Pour Over Kettle"}, // misspelled
		{"headph", "Wireless Headphones"},
		{"TENT", "Tent"},
		{"chef's knife", "Chef Knife"},
		{"toys jigsaw", "Jigsaw Puzzle"}, // category and title
	}
	for _, tt := range tests {
		r := search(t, x, Query{Text: tt.text})
		if r.Total == 0 || !strings.Contains(r.Products[0].Title, tt.first) {
			t.Errorf("%q: got %d results, first %v, want a %s first", tt.text, r.Total, titles(r.Products[:min(3, len(r.Products))]), tt.first)
		}
	}
}

func TestTitleCountsMoreThanDescription(t *testing.T) {
	x := fullIndex(t)
	r := search(t, x, Query{Text: "pencil", Size: 100})
	described := false
	for _, p := range r.Products {
		inTitle := strings.Contains(p.Title, "Pencil")
		described = described || !inTitle
		if inTitle && described {
			t.Fatalf("%s stands behind a product that only mentions the word", p.Title)
		}
	}
}

func TestEveryWordMustMatch(t *testing.T) {
	x := fullIndex(t)
	r := search(t, x, Query{Text: "tent northbay"})
	if r.Total == 0 {
		t.Fatal("got no tent of that brand")
	}
	for _, p := range r.Products {
		if p.Brand != "Northbay" || !strings.Contains(p.Title, "Tent") {
			t.Errorf("got %s of %s", p.Title, p.Brand)
		}
	}
	if got := search(t, x, Query{Text: "tent zeppelin"}).Total; got != 0 {
		t.Errorf("tent zeppelin: got %d results, want none", got)
	}
}

func TestAnyTextIsJustWords(t *testing.T) {
	x := fullIndex(t)
	for _, text := range []string{
		"'; DROP TABLE products; --", "<script>alert(1)</script>", `title:* AND /.*/`, "+lamp -lamp", "\"unclosed", "the", "!!", "{$gt: 0}", "🙂", strings.Repeat("ä", longestText),
	} {
		if r := search(t, x, Query{Text: text}); r.Total == len(x.all()) {
			t.Errorf("%q: got the whole catalogue", text)
		}
	}
}

func TestPagesHoldEveryResultOnce(t *testing.T) {
	x := fullIndex(t)
	for _, order := range []Order{ByRelevance, ByPrice, ByPriceDescending, ByTitle} {
		seen := map[ID]bool{}
		for page := 1; ; page++ {
			r := search(t, x, Query{Order: order, Page: page, Size: 50})
			if len(r.Products) == 0 {
				break
			}
			for _, p := range r.Products {
				if seen[p.ID] {
					t.Errorf("order %d: %s is on two pages", order, p.ID)
				}
				seen[p.ID] = true
			}
		}
		if got, want := len(seen), len(catalogue.Products()); got != want {
			t.Errorf("order %d: all pages hold %d products, want %d", order, got, want)
		}
	}
}

func TestOrders(t *testing.T) {
	x := fullIndex(t)
	up, down := search(t, x, Query{Order: ByPrice, Size: 100}).Products, search(t, x, Query{Order: ByPriceDescending, Size: 100}).Products
	if !slices.IsSortedFunc(up, func(a, b Product) int { return int(a.Price.Minor - b.Price.Minor) }) {
		t.Error("by price: not rising")
	}
	if !slices.IsSortedFunc(down, func(a, b Product) int { return int(b.Price.Minor - a.Price.Minor) }) {
		t.Error("by price descending: not falling")
	}
	if got := titles(search(t, x, Query{Size: 100}).Products); !slices.IsSorted(got) {
		t.Errorf("without a text: got %v, want titles in order", got[:5])
	}
}

func TestFiltersAreBoundsAndAlternatives(t *testing.T) {
	x := fullIndex(t)
	r := search(t, x, Query{Categories: []string{"lighting", "kitchen"}, MinPrice: 30_00, MaxPrice: 60_00, Size: 100})
	if r.Total == 0 {
		t.Fatal("got nothing")
	}
	for _, p := range r.Products {
		if (p.Category != "lighting" && p.Category != "kitchen") || p.Price.Minor < 30_00 || p.Price.Minor > 60_00 {
			t.Errorf("got %s in %s for %s", p.Title, p.Category, p.Price)
		}
	}
	exact := r.Products[0].Price.Minor
	if got := search(t, x, Query{MinPrice: exact, MaxPrice: exact}).Total; got == 0 {
		t.Error("bounds are not inclusive")
	}
}

// Each facet's number is what a shopper gets who picks that value instead.
func TestFacetsTellWhatPickingThemGives(t *testing.T) {
	x := fullIndex(t)
	q := Query{Text: "steel", Categories: []string{"kitchen"}, Brands: []string{"Ironbark"}, MaxPrice: 100_00}
	r := search(t, x, q)
	if len(r.Categories) < 2 || len(r.Brands) < 2 || len(r.Prices) < 2 {
		t.Fatalf("facets: got %v %v %v, want alternatives in each", r.Categories, r.Brands, r.Prices)
	}
	for _, c := range r.Categories {
		picked := q
		picked.Categories = []string{c.Value}
		expectTotal(t, x, picked, c)
	}
	for _, c := range r.Brands {
		picked := q
		picked.Brands = []string{c.Value}
		expectTotal(t, x, picked, c)
	}
	for _, c := range r.Prices {
		picked := q
		picked.MinPrice, picked.MaxPrice = 0, 0
		var end int64
		if _, err := fmt.Sscanf(c.Value, "%d-%d", &picked.MinPrice, &end); err == nil {
			picked.MaxPrice = end - 1
		}
		expectTotal(t, x, picked, c)
	}
}

func expectTotal(t *testing.T, x *index, q Query, c Count) {
	t.Helper()
	if got := search(t, x, q).Total; got != c.N {
		t.Errorf("facet %s says %d, picking it gives %d", c.Value, c.N, got)
	}
}

func TestPriceBandsHaveNoGap(t *testing.T) {
	tests := []struct {
		minor int64
		band  string
	}{{0, "0-2000"}, {1999, "0-2000"}, {2000, "2000-5000"}, {19999, "10000-20000"}, {50000, "50000-"}, {highestPrice, "50000-"}}
	for _, tt := range tests {
		if got := band(tt.minor); got != tt.band {
			t.Errorf("%d: got %s, want %s", tt.minor, got, tt.band)
		}
	}
}

func TestOlderVersionDoesNotReplaceANewerOne(t *testing.T) {
	x := fullIndex(t)
	p := *x.all()[0]
	old := p
	p.Price, p.Updated = euros(1), p.Updated.Add(time.Second)
	if n, err := x.put(p); n != 1 || err != nil {
		t.Fatalf("put newer: got %d, %v", n, err)
	}
	if n, err := x.put(old, p); n != 0 || err != nil {
		t.Errorf("put older and same: got %d, %v, want 0", n, err)
	}
	if got, _ := x.copy(p.ID); got.Price != euros(1) {
		t.Errorf("price: got %s, want 0.01 EUR", got.Price)
	}
}

func TestRewordedProductIsFoundByItsNewWords(t *testing.T) {
	x := fullIndex(t)
	p := *x.all()[0]
	p.Title, p.Updated = "Zeppelin Model", p.Updated.Add(time.Second)
	if _, err := x.put(p); err != nil {
		t.Fatal(err)
	}
	r := search(t, x, Query{Text: "zeppelin"})
	if r.Total != 1 || r.Products[0].ID != p.ID {
		t.Errorf("got %v, want %s alone", titles(r.Products), p.ID)
	}
}

func TestIndexIsReadWhileItChanges(t *testing.T) {
	x := fullIndex(t)
	first := *x.all()[0]
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 20 {
				p := first
				p.Updated = p.Updated.Add(time.Duration(i) * time.Microsecond)
				if _, err := x.put(p); err != nil {
					t.Error(err)
				}
				if _, err := x.search(t.Context(), Query{Text: "lamp", Page: 1, Size: 5}); err != nil {
					t.Error(err)
				}
				x.categories()
			}
		})
	}
	wg.Wait()
}

func TestCategoriesAreCounted(t *testing.T) {
	x := fullIndex(t)
	sum := 0
	for _, c := range x.categories() {
		sum += c.Products
	}
	if got, want := sum, len(catalogue.Products()); got != want {
		t.Errorf("products in all categories: got %d, want %d", got, want)
	}
	if got, want := x.categories()[0], (Category{"lighting", "Lighting", 49}); got != want {
		t.Errorf("first category: got %v, want %v", got, want)
	}
}

func titles(products []Product) []string {
	var all []string
	for _, p := range products {
		all = append(all, p.Title)
	}
	return all
}

func BenchmarkSearch(b *testing.B) {
	x, err := newIndex()
	if err != nil {
		b.Fatal(err)
	}
	if _, err := x.put(absent(nil)...); err != nil {
		b.Fatal(err)
	}
	for _, q := range []Query{{Page: 1, Size: 20}, {Text: "desk lamp", Page: 1, Size: 20}} {
		b.Run("text="+q.Text, func(b *testing.B) {
			for b.Loop() {
				if _, err := x.search(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFillIndex(b *testing.B) {
	products := absent(nil)
	for b.Loop() {
		x, err := newIndex()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := x.put(products...); err != nil {
			b.Fatal(err)
		}
	}
}
