package product

import (
	"maps"
	"slices"
	"sync"

	"stormglass/system/api/catalogue"
)

// index holds this instance's copy of every product, and the words by which they are found. Facets, filters and order
// are read off the copies, so that a price change costs no work on the words. It is safe for concurrent use.
type index struct {
	words words
	names map[string]string // of categories by slug

	mu     sync.RWMutex
	copies map[ID]*Product // never changed, only replaced
}

func newIndex() (*index, error) {
	words, err := newWords()
	if err != nil {
		return nil, err
	}
	x := &index{words: words, names: map[string]string{}, copies: map[ID]*Product{}}
	for _, c := range catalogue.Categories() {
		x.names[c.Slug] = c.Name
	}
	return x, nil
}

func (x *index) close() error { return x.words.index.Close() }

// put takes over those products that are not older than their copies, and says how many were different.
func (x *index) put(products ...Product) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var different, reworded []*Product
	for _, p := range products {
		old, known := x.copies[p.ID]
		if known && (p.Updated.Before(old.Updated) || same(old, &p)) {
			continue
		}
		different = append(different, &p)
		if !known || !sameWords(old, &p) {
			reworded = append(reworded, &p)
		}
	}
	if len(reworded) > 0 {
		if err := x.words.put(reworded, x.name); err != nil {
			return 0, err
		}
	}
	for _, p := range different {
		x.copies[p.ID] = p
	}
	return len(different), nil
}

func same(a, b *Product) bool {
	return a.Updated.Equal(b.Updated) && a.Price == b.Price && sameWords(a, b)
}

func sameWords(a, b *Product) bool {
	return a.Title == b.Title && a.Brand == b.Brand && a.Category == b.Category && a.Description == b.Description &&
		maps.Equal(a.Attributes, b.Attributes)
}

// copy gives this instance's copy of a product.
func (x *index) copy(id ID) (Product, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	p, ok := x.copies[id]
	if !ok {
		return Product{}, false
	}
	return *p, true
}

// all lists the copies, in no order.
func (x *index) all() []*Product {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Collect(maps.Values(x.copies))
}

// categories counts the products of each category: those of the catalogue first and in its order.
func (x *index) categories() []Category {
	counts := map[string]int{}
	for _, p := range x.all() {
		counts[p.Category]++
	}
	var all []Category
	for _, c := range catalogue.Categories() {
		all = append(all, Category{c.Slug, c.Name, counts[c.Slug]})
		delete(counts, c.Slug)
	}
	for _, slug := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, Category{slug, slug, counts[slug]})
	}
	return all
}

// name gives a category's name for people.
func (x *index) name(slug string) string {
	if name, ok := x.names[slug]; ok {
		return name
	}
	return slug
}
