package shop

import (
	"maps"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
	"stormglass/system/api/catalogue"
)

// stockAddsUp is the first half of I1: of every product, what was there at first is still somewhere, and each shelf holds
// what the reservations say.
func stockAddsUp(f *evidence.Folder) (verdict.Result, error) {
	stock, err := table[stockRow](f, "inventory", "stock")
	if err != nil {
		return verdict.Result{}, err
	}
	reservations, err := table[reservationRow](f, "inventory", "reservations")
	if err != nil {
		return verdict.Result{}, err
	}
	promised, gone := map[string]int64{}, map[string]int64{}
	for _, r := range reservations {
		pieces, err := linesOf(r.Lines)
		if err != nil {
			return verdict.Result{}, err
		}
		for product, n := range pieces {
			switch r.State {
			case "reserved":
				promised[product] += n
			case "committed":
				gone[product] += n
			}
		}
	}
	initial := map[string]int64{}
	for _, p := range catalogue.Products() {
		initial[p.ID] = p.Stock
	}
	var t tally
	var sold int64
	for _, s := range stock {
		sold += s.Sold
		t.expect(s.Available >= 0 && s.Reserved >= 0 && s.Sold >= 0, "%s is below zero: %d available, %d reserved, %d sold", s.Product, s.Available, s.Reserved, s.Sold)
		t.also(s.Available+s.Reserved+s.Sold == initial[s.Product], "%s: %d available + %d reserved + %d sold, of %d at first", s.Product, s.Available, s.Reserved, s.Sold, initial[s.Product])
		t.also(s.Reserved == promised[s.Product], "%s: %d reserved, reservations say %d", s.Product, s.Reserved, promised[s.Product])
		t.also(s.Sold == gone[s.Product], "%s: %d sold, reservations say %d", s.Product, s.Sold, gone[s.Product])
	}
	t.also(len(stock) == len(initial), "there is stock of %d products, and there were %d", len(stock), len(initial))
	return t.result("%d products, %d pieces sold by %d reservations", t.compared, sold, len(reservations)), nil
}

// stockFollowsOrders is the other half of I1: what was shipped is what was sold, and a cancelled order holds nothing.
func stockFollowsOrders(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	rows, err := table[reservationRow](f, "inventory", "reservations")
	if err != nil {
		return verdict.Result{}, err
	}
	reservations := by(rows, func(r reservationRow) string { return r.Order })
	var t tally
	for _, o := range orders {
		r, there := reservations[o.ID]
		switch o.State {
		case shipped:
			if !t.expect(there && r.State == "committed", "order %s was shipped and its reservation is %q", o.ID, r.State) {
				continue
			}
			ordered, err := linesOf(o.Items)
			if err != nil {
				return verdict.Result{}, err
			}
			taken, err := linesOf(r.Lines)
			if err != nil {
				return verdict.Result{}, err
			}
			t.also(maps.Equal(ordered, taken), "order %s is for %v, its reservation holds %v", o.ID, ordered, taken)
		case cancelled:
			t.expect(r.State != "committed" && r.State != "reserved", "order %s was cancelled and its reservation is still %s", o.ID, r.State)
		}
	}
	return t.result("%d final orders", t.compared), nil
}
