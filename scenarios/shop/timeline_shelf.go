package shop

import (
	"fmt"
	"slices"
	"strings"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/verdict"
	"stormglass/system/api/catalogue"
)

// productIn looks for a product's id in a sentence.
func productIn(about string) string {
	said := words(about)
	for _, p := range catalogue.Products() {
		if slices.Contains(said, p.ID) {
			return p.ID
		}
	}
	return ""
}

// shelfTimeline tells what became of the pieces of one product: each reservation that holds some, as inventory logged its
// changes, and what the tables say in the end.
func shelfTimeline(f *evidence.Folder, product string) (verdict.Timeline, error) {
	c := &chronicle{Folder: f, order: product, times: map[string]int{}}
	pieces, err := c.reservations()
	if err != nil {
		return verdict.Timeline{}, fmt.Errorf("tell timeline: %w", err)
	}
	lines, err := observe.Logs(f.Dir, observe.LogMatch{Text: `"message":"reservation moved"`})
	if err != nil {
		return verdict.Timeline{}, fmt.Errorf("tell timeline: %w", err)
	}
	for _, l := range lines {
		for order, n := range inOrder(pieces) {
			if strings.Contains(l.Raw, order) {
				c.say(l.Time, l.Instance, "the %d reserved for order %s%s", n, order, c.fields(l.Raw))
			}
		}
	}
	stock, err := table[stockRow](f, "inventory", "stock")
	if err != nil {
		return verdict.Timeline{}, fmt.Errorf("tell timeline: %w", err)
	}
	for _, s := range stock {
		if s.Product == product {
			c.say(c.end(), "in the end", "inventory's table stock: %d available, %d reserved, %d sold, of %d", s.Available, s.Reserved, s.Sold, initialStock(product))
		}
	}
	c.faults()
	return verdict.NewTimeline(f, "product "+product, c.moments), nil
}

// reservations gives how many pieces each order's reservation holds, and tells in what state it ended.
func (c *chronicle) reservations() (map[string]int64, error) {
	rows, err := table[reservationRow](c.Folder, "inventory", "reservations")
	if err != nil {
		return nil, err
	}
	pieces, ends := map[string]int64{}, map[string]int64{}
	for _, r := range rows {
		lines, err := linesOf(r.Lines)
		if err != nil {
			return nil, err
		}
		if n := lines[c.order]; n > 0 {
			pieces[r.Order] = n
			ends[r.State] += n
		}
	}
	for state, n := range inOrder(ends) {
		c.say(c.end(), "in the end", "inventory's table reservations: %d pieces %s", n, state)
	}
	return pieces, nil
}

func initialStock(product string) int64 {
	for _, p := range catalogue.Products() {
		if p.ID == product {
			return p.Stock
		}
	}
	return 0
}
