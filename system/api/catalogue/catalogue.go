// Package catalogue is what a new shop has to sell: the list of products that the product service shows and the inventory
// service has in stock. It is the same list in every process and in every run, so that the two agree without talking.
//
// Each shelf (one file or part of one) names its kinds of goods and the words of their makers; Products combines them.
package catalogue

import (
	"cmp"
	"fmt"
	"strings"
)

// Currency of all prices.
const Currency = "EUR"

const (
	// variants is how many products each kind of goods comes in.
	variants = 7
	// limitedStock is how many pieces there are of a limited edition, of which each category has one; saleStock how many of
	// the one that sells by the hundred in minutes.
	limitedStock = 12
	saleStock    = 50
)

// Category is a part of the catalogue.
type Category struct {
	// Slug is its id, such as "bed-bath"; Name is for people.
	Slug, Name string
}

// Product is one thing to sell, as it is when the shop opens.
type Product struct {
	// ID is a slug with a number, such as "desk-lamp-arc-0001".
	ID          string
	Title       string
	Description string
	Brand       string
	// Category is the slug of one of Categories.
	Category string
	// Price in minor units of Currency.
	Price int64
	// Attributes such as "colour": "oak".
	Attributes map[string]string
	// Stock is how many pieces are there at first.
	Stock int64
}

// Categories lists the parts of the catalogue in the order in which a shop would show them.
func Categories() []Category {
	var all []Category
	for _, s := range shelves() {
		all = append(all, Category{s.slug, s.name})
	}
	return all
}

// Products lists the whole catalogue, always the same.
func Products() []Product {
	var all []Product
	for _, s := range shelves() {
		for k := range s.kinds {
			for v := range variants {
				all = append(all, s.product(k, v, len(all)+1))
			}
		}
	}
	return all
}

// product makes a variant of a kind. The multipliers only stir the words, so that neighbours in the list differ.
func (s shelf) product(k, v, number int) Product {
	kind, n := s.kinds[k], k*variants+v
	model := at(s.models, 3*k+v)
	p := Product{
		Title: model + " " + kind.noun, Brand: at(s.brands, n*5+k), Category: s.slug, Price: kind.price(v), Stock: int64(180 + n*97%640),
		Attributes: map[string]string{"colour": at(s.colours, n*3+k), "material": at(kind.materials, v), kind.spec: at(kind.values, v)},
	}
	if n == len(s.kinds)*variants-1 {
		p.Title, p.Stock = p.Title+" Limited Edition", cmp.Or(s.limited, limitedStock)
	}
	p.ID = fmt.Sprintf("%s-%s-%04d", slug(kind.noun), slug(model), number)
	p.Description = fmt.Sprintf("%s Made of %s, in %s; %s %s. %s",
		kind.does, p.Attributes["material"], p.Attributes["colour"], kind.spec, p.Attributes[kind.spec], at(s.remarks, n+k))
	return p
}

// price spreads a kind's variants between its cheapest and its dearest, and ends them as shops do.
func (k kind) price(v int) int64 {
	step := int64(v * 5 % variants)
	euros := k.low + (k.high-k.low)*step/(variants-1)
	return euros*100 + at([]int64{99, 90, 0, 95, 50}, v)
}

// at takes an element, beginning again after the last.
func at[T any](list []T, i int) T { return list[i%len(list)] }

func slug(words string) string {
	return strings.ReplaceAll(strings.ToLower(words), " ", "-")
}
