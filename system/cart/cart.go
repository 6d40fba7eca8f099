// Package cart keeps what shoppers mean to buy: one cart for each user, in a cache, until it is ordered or left alone.
//
// Every change gives a cart a new version, and no version ever comes again, whatever is cleared, expires or is lost. Each line
// carries the version in which it was last set. An order names the version of the cart that it was made from; once the order is
// accepted, the lines that were set in that version or before it leave the cart, and lines that were set later stay.
package cart

import (
	"slices"
	"time"

	"stormglass/system/api/catalogue"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
)

// Own types keep ids from being swapped.
type (
	// UserID names the shopper who owns a cart.
	UserID string
	// ProductID names what is in it.
	ProductID string
	// Version tells two contents of one cart apart; 0 is a cart that was never touched.
	Version int64
)

const (
	// mostItems is how many lines a cart has at most.
	mostItems = 50
	// mostOfOne is how many pieces one line has at most.
	mostOfOne = 99
	// longestID is the most bytes of a product's id.
	longestID = 200
)

// Item is one line of a cart, at the price that the shopper saw when putting it in.
type Item struct {
	Product   ProductID   `json:"product"`
	Title     string      `json:"title"`
	Quantity  int64       `json:"quantity"`
	UnitPrice money.Money `json:"unit_price"`
	// Version is the version of the cart in which the line was last set.
	Version Version `json:"version"`
}

// Cart is what a shopper means to buy.
type Cart struct {
	Version Version
	Items   []Item
}

// set puts a line in, in the place of the one with the same product if there is one. Also a line that says the same as the one
// before is a new one, because the line before may have been ordered already.
func (c *Cart) set(item Item) error {
	item.Version = c.Version
	i := slices.IndexFunc(c.Items, func(old Item) bool { return old.Product == item.Product })
	if i >= 0 {
		c.Items[i] = item
		return nil
	}
	if len(c.Items) >= mostItems {
		return problem.New(problem.Conflict, "cart_full", "a cart holds at most %d different products: remove one, or order what is there first", mostItems)
	}
	c.Items = append(c.Items, item)
	return nil
}

// remove takes a product out; one that is not there changes nothing.
func (c *Cart) remove(id ProductID) {
	c.Items = slices.DeleteFunc(c.Items, func(item Item) bool { return item.Product == id })
}

// removeOrdered takes out the lines that an order of this version of the cart was made from.
func (c *Cart) removeOrdered(ordered Version) {
	c.Items = slices.DeleteFunc(c.Items, func(item Item) bool { return item.Version <= ordered })
}

// total adds the cart up.
func (c *Cart) total() (money.Money, error) {
	sum := money.Of(0, catalogue.Currency)
	for _, item := range c.Items {
		line, err := item.UnitPrice.Times(item.Quantity)
		if err != nil {
			return money.Money{}, err
		}
		if sum, err = sum.Add(line); err != nil {
			return money.Money{}, err
		}
	}
	return sum, nil
}

// after gives the version that follows this one: the time in milliseconds, or one more where that would not rise. So
// even a cache that lost everything gives no version twice.
func (v Version) after(now time.Time) Version { return max(v+1, Version(now.UnixMilli())) }

// checkLine names every field of a line that is wrong, by the name that clients know it by.
func checkLine(id ProductID, quantity int64) error {
	var wrong []problem.Field
	if id == "" || len(id) > longestID {
		wrong = append(wrong, problem.Field{Name: "product_id", Problem: "the id of a product, as GET /v1/products gives it"})
	}
	if quantity < 1 || quantity > mostOfOne {
		wrong = append(wrong, problem.Field{Name: "quantity", Problem: "1 to 99; to take a product out, delete its line"})
	}
	if len(wrong) > 0 {
		return problem.InvalidFields(wrong...)
	}
	return nil
}
