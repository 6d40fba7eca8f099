package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

// cartLine is a line of a user's cart: the product as it was set in that version of the cart.
type cartLine struct {
	user, product string
	version       int64
}

// cartOrderedOnce is I10.
func cartOrderedOnce(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	carts, err := table[cartRow](f, "cart", "carts")
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	ordered, err := t.orderedLines(orders)
	if err != nil {
		return verdict.Result{}, err
	}
	left := map[string]map[string]int64{} // quantities of each user's cart at the end, by product
	for _, c := range carts {
		var lines []struct {
			Product           string
			Quantity, Version int64
		}
		if err := json.Unmarshal([]byte(c.Items), &lines); err != nil {
			return verdict.Result{}, fmt.Errorf("decode cart of %s: %w", c.User, err)
		}
		left[c.User] = map[string]int64{}
		for _, l := range lines {
			left[c.User][l.Product] = l.Quantity
			order, was := ordered[cartLine{c.User, l.Product, l.Version}]
			t.expect(!was, "the cart of %s still holds the %s of which order %s was made", c.User, l.Product, order)
		}
	}
	again := t.orderedAgain(f.History)
	kept, err := t.keptLines(f.History, left)
	if err != nil {
		return verdict.Result{}, err
	}
	return t.result("%d orders, %d second orders of a cart, %d lines that had to be in a cart", len(orders), again, kept), nil
}

// orderedLines finds carts and lines that were ordered twice, and gives the order of each line.
func (t *tally) orderedLines(orders []orderRow) (map[cartLine]string, error) {
	type version struct {
		user   string
		number int64
	}
	carts, ordered := map[version]string{}, map[cartLine]string{}
	for _, o := range orders {
		if o.CartVersion == 0 {
			continue
		}
		v := version{o.User, o.CartVersion}
		first, twice := carts[v]
		t.expect(!twice, "orders %s and %s were both made from version %d of the cart of %s", first, o.ID, v.number, v.user)
		carts[v] = o.ID
		var lines []struct {
			Product string `json:"product_id"`
			Version int64  `json:"line_version"`
		}
		if err := json.Unmarshal([]byte(o.Items), &lines); err != nil {
			return nil, fmt.Errorf("decode items of order %s: %w", o.ID, err)
		}
		for _, l := range lines {
			if l.Version == 0 { // ordered before lines had versions
				continue
			}
			line := cartLine{o.User, l.Product, l.Version}
			other, twice := ordered[line]
			t.also(!twice, "orders %s and %s both hold the %s that %s put into the cart once", other, o.ID, l.Product, o.User)
			ordered[line] = o.ID
		}
	}
	return ordered, nil
}

// orderedAgain looks at the answers to further orders of one cart, and counts those that were decided.
func (t *tally) orderedAgain(history []load.Operation) (n int) {
	for _, o := range history {
		if o.Name != opOtherKey || o.Outcome != load.OK {
			continue
		}
		n++
		first := o.Fields["first_order"]
		if made := o.Fields["order_id"]; made != "" {
			t.expect(false, "order %s was made from the cart of order %s", made, first)
			continue
		}
		t.expect(o.Status == http.StatusConflict && o.Fields["reason"] == "cart_ordered" && o.Fields["resource"] == "/v1/orders/"+first,
			"a second order of the cart of order %s was refused with %d %s and named %q, not the first order", first, o.Status, o.Fields["reason"], o.Fields["resource"])
	}
	return n
}

// keptLines follows what each customer put into the cart, was told about it, and has in it at the end. A line must be there from
// the answer to its PUT until its customer orders or removes it. Each customer does one thing at a time.
func (t *tally) keptLines(history []load.Operation, left map[string]map[string]int64) (n int, err error) {
	users := map[string]*expectedCart{}
	for _, o := range history {
		id := o.Fields["user_id"]
		if users[id] == nil {
			users[id] = &expectedCart{lines: map[string]int64{}, uncertain: map[string]bool{}}
		}
		u := users[id]
		switch {
		case o.Name == opCart && o.Fields["method"] != "": // older evidence does not say what was done
			holds, err := u.follow(o)
			if err != nil {
				return 0, fmt.Errorf("read operation %d: %w", o.Seq, err)
			}
			if holds != nil {
				n += u.compare(t, holds, "the cart of %s, as the answer to operation "+fmt.Sprint(o.Seq)+" shows it,", id)
			}
		case isCheckout(o) || o.Name == opOtherKey:
			if o.Outcome != load.Failed || o.Status >= http.StatusInternalServerError {
				clear(u.lines)
			}
		}
	}
	for id, u := range inOrder(users) {
		n += u.compare(t, left[id], "the cart of %s, as the cart service keeps it at the end,", id)
	}
	return n, nil
}

// expectedCart is what one customer's cart must hold at least.
type expectedCart struct {
	lines     map[string]int64 // quantities by product
	uncertain map[string]bool  // products of which a change was not answered, and so may come late
	lost      bool             // emptying the cart was not answered, and may come late: nothing is certain any more
}

// follow takes an operation on the cart into account, and gives what the cart holds by its answer: nil when there is none.
func (c *expectedCart) follow(o load.Operation) (holds map[string]int64, err error) {
	product := o.Fields["product_id"]
	answered := o.Outcome == load.OK
	refused := o.Outcome == load.Failed && o.Status < http.StatusInternalServerError
	switch method := o.Fields["method"]; {
	case refused || method == http.MethodGet:
	case method == http.MethodDelete:
		clear(c.lines)
		c.lost = c.lost || !answered
	case !answered:
		delete(c.lines, product)
		c.uncertain[product] = true
	case !c.uncertain[product]:
		var quantity int64
		if _, err := fmt.Sscan(o.Fields["quantity"], &quantity); err != nil {
			return nil, fmt.Errorf("read quantity: %w", err)
		}
		c.lines[product] = quantity
	}
	if !answered {
		return nil, nil
	}
	holds = map[string]int64{}
	for line := range strings.FieldsSeq(o.Fields["cart"]) {
		product, quantity, _ := strings.Cut(line, ":")
		var pieces int64
		if _, err := fmt.Sscan(quantity, &pieces); err != nil {
			return nil, fmt.Errorf("read line %q of the cart: %w", line, err)
		}
		holds[product] = pieces
	}
	return holds, nil
}

// compare finds lines that are missing, and counts those that had to be there. What is told as missing is expected no longer.
func (c *expectedCart) compare(t *tally, holds map[string]int64, where string, user string) (n int) {
	if c.lost {
		return 0
	}
	for product, quantity := range inOrder(c.lines) {
		n++
		if !t.expect(holds[product] == quantity, where+" holds %d of %s, and the customer had put %d into it", user, holds[product], product, quantity) {
			delete(c.lines, product)
		}
	}
	return n
}
