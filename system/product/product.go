// Package product is the catalogue: what there is to buy, its prices, and how to find it.
//
//	documents ──poll what changed──▶ index: a copy of each product, and the words and facets that searches go by
//	    ▲                              │
//	    └─ price changes, reads when   └─ searches, and reads while the copies are fresh
//	       the copies are not fresh
//
// Searches need no documents at all, and a product page outlives an outage of them; prices that somebody pays are never
// older than a stated bound.
package product

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"stormglass/system/api/catalogue"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
)

// ID names a product, such as "desk-lamp-arc-0001".
type ID string

// Product is one thing to buy.
type Product struct {
	ID          ID
	Title       string
	Description string
	Brand       string
	// Category is a slug.
	Category   string
	Price      money.Money
	Attributes map[string]string
	// Updated is when it last changed, in microseconds; of two versions of a product the later one holds.
	Updated time.Time
}

// Category is a part of the catalogue.
type Category struct {
	Slug, Name string
	Products   int
}

// Order is how search results are sorted.
type Order int

// The orders. ByRelevance falls back to the title where nothing is searched for.
const (
	ByRelevance Order = iota
	ByPrice
	ByPriceDescending
	ByTitle
)

const (
	defaultPage = 20
	largestPage = 100
	// deepest is how far down a search can be paged, in results.
	deepest = 10_000
	// longestText and mostWords bound the work of one search.
	longestText = 200
	mostWords   = 12
	// mostFilters is how many values of one filter are taken.
	mostFilters = 50
	// mostIDs is how many products one call may ask for.
	mostIDs = 100
	// highestPrice in minor units.
	highestPrice = 1_000_000_00
)

// Query is a search.
type Query struct {
	// Text must be matched by each of its words; empty matches everything.
	Text string
	// Several values of one filter are alternatives.
	Categories, Brands []string
	// MinPrice and MaxPrice are inclusive bounds in minor units; 0 sets none.
	MinPrice, MaxPrice int64
	Order              Order
	// Page counts from 1. Size is how many results it has.
	Page, Size int
}

// Count is one value of a facet with the number of products that have it.
type Count struct {
	Value string
	N     int
}

// Results are one page of what a search found.
type Results struct {
	Products []Product
	// Total counts all that was found.
	Total int
	// Each facet counts what would be found if its own filter were lifted, so that alternatives can be offered.
	Categories, Brands, Prices []Count
}

// words splits the text of a search.
func (q Query) words() []string { return strings.Fields(q.Text) }

// check fills in defaults and names every field that is wrong, by the name that clients know it by.
func (q *Query) check() error {
	if q.Page == 0 {
		q.Page = 1
	}
	if q.Size == 0 {
		q.Size = defaultPage
	}
	var wrong problems
	wrong.unless(utf8.ValidString(q.Text) && utf8.RuneCountInString(q.Text) <= longestText && len(q.words()) <= mostWords,
		"text", "at most %d characters and %d words", longestText, mostWords)
	wrong.unless(len(q.Categories) <= mostFilters, "category", "at most %d values", mostFilters)
	wrong.unless(len(q.Brands) <= mostFilters, "brand", "at most %d values", mostFilters)
	wrong.unless(q.MinPrice >= 0, "min_price", "minor units, 0 or more")
	wrong.unless(q.MaxPrice >= 0 && (q.MaxPrice == 0 || q.MaxPrice >= q.MinPrice), "max_price", "minor units, 0 for no bound, else at least min_price")
	wrong.unless(q.Order >= ByRelevance && q.Order <= ByTitle, "sort", "one of relevance, price, -price, title")
	wrong.unless(q.Size >= 1 && q.Size <= largestPage, "page_size", "1 to %d", largestPage)
	wrong.unless(q.Page >= 1 && q.Page <= deepest, "page", "1 or more, and not beyond the first %d results", deepest)
	if len(wrong) == 0 {
		wrong.unless(q.Page*q.Size <= deepest, "page", "1 or more, and not beyond the first %d results", deepest)
	}
	return wrong.err()
}

// checkPrice says whether a product may have a price.
func checkPrice(price money.Money) error {
	var wrong problems
	wrong.unless(price.Minor > 0 && price.Minor <= highestPrice, "price.minor", "minor units, 1 to %d", highestPrice)
	wrong.unless(price.Currency == catalogue.Currency, "price.currency", "%s: the catalogue has no other currency", catalogue.Currency)
	return wrong.err()
}

type problems []problem.Field

func (p *problems) unless(ok bool, field, expected string, args ...any) {
	if !ok {
		*p = append(*p, problem.Field{Name: field, Problem: fmt.Sprintf(expected, args...)})
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return problem.InvalidFields(p...)
}

func notFound() error {
	return problem.New(problem.NotFound, "product_not_found", "there is no such product: find one with GET /v1/products")
}
