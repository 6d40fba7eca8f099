package shop

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"stormglass/chaos/load"
)

// The names of operations in the history.
const (
	opRegister   = "register"
	opSearch     = "search"
	opView       = "view"
	opCart       = "cart"
	opCheckout   = "checkout"        // the first try
	opRepeat     = "checkout-repeat" // the same again, under the same key
	opCancel     = "cancel"
	opOtherKey   = "checkout-other-key" // the same cart again, under another key
	opCompletion = "completion"
	opTrespass   = "trespass" // tries another customer's order

	opRefresh       = "refresh"        // trades a refresh token, the first try
	opRefreshRepeat = "refresh-repeat" // the same token again
)

// buyer is the shopper browse-and-buy.
type buyer struct {
	client     *client
	seed       uint64
	customers  customers
	categories []string
	cards      []string // what customers pay with; one of each kind when there is nothing here
	latest     atomic.Pointer[placed]
	// refreshes says that visitors trade their refresh token first.
	refreshes bool
	// errands says how the nth visitor buys; errandOf when it is nil.
	errands func(visit int) errand
}

// placed is an order that was accepted, and whose it is.
type placed struct{ order, user string }

// Prepare reads the categories and registers customers: enough that a visitor seldom finds all of them in the shop, and
// that none of them meets the limit of requests a second.
func (b *buyer) Prepare(ctx context.Context, target load.Target) error {
	b.client, b.seed = newClient(target.BaseURL, target.Doors...), target.Seed
	var page struct {
		Categories []struct{ Slug string }
	}
	err := patiently(ctx, func() error {
		return b.client.do(ctx, &load.Operation{}, request{method: http.MethodGet, path: "/v1/categories"}, &page)
	})
	if err != nil {
		return fmt.Errorf("list categories: %w", err)
	}
	for _, c := range page.Categories {
		b.categories = append(b.categories, c.Slug)
	}
	if len(b.categories) == 0 {
		return fmt.Errorf("list categories: the catalogue is empty")
	}
	return b.prepare(ctx, 12+target.Visits/40)
}

// Visit is one way through the shop. The customer is free for the next visit as soon as the order is placed; following
// it needs nobody.
func (b *buyer) Visit(ctx context.Context, v *load.Visit) {
	who := b.customers.take()
	if who == nil {
		if who = b.newcomer(ctx, v); who == nil {
			return
		}
	}
	if b.refreshes && !b.renew(ctx, v, who) {
		return // without a session there is nothing to come back for
	}
	p := &purchase{buyer: b, visit: v, who: who, errand: b.errandOf(v.Number), late: time.Since(v.Intended)}
	accepted := p.shop(ctx) && p.order(ctx)
	if accepted && p.errand.regrets {
		p.regret(ctx)
	}
	switch then := afterwards(v.Number); {
	case accepted && then == ordersAgain:
		p.orderAgain(ctx)
	case accepted && then == addsMore:
		p.addMore(ctx)
	}
	p.trespass(ctx)
	if accepted {
		b.latest.Store(&placed{p.id, who.id})
	}
	b.customers.put(who)
	if accepted {
		p.follow(ctx)
	}
}

func (b *buyer) errandOf(visit int) errand {
	if b.errands != nil {
		return b.errands(visit)
	}
	return errandOf(visit)
}

// newcomer registers somebody for a visit that found nobody free, or gives nil.
func (b *buyer) newcomer(ctx context.Context, v *load.Visit) (who *customer) {
	number := b.customers.next()
	_ = v.Do(ctx, opRegister, func(ctx context.Context, op *load.Operation) (err error) {
		who, err = b.register(ctx, op, number)
		return err
	})
	return who
}

// product is what a shopper sees of one.
type product struct {
	ID           string `json:"id"`
	Availability *int64 `json:"availability"` // nil: nobody knows just now
}

// shop browses and fills the cart. It says whether there is something to order.
func (p *purchase) shop(ctx context.Context) bool {
	v, c := p.visit, p.buyer.client
	var found struct{ Products []product }
	query := url.Values{"category": {p.buyer.categories[v.Rand.IntN(len(p.buyer.categories))]}, "page": {fmt.Sprint(1 + v.Rand.IntN(2))}}
	err := v.Do(ctx, opSearch, func(ctx context.Context, op *load.Operation) error {
		return c.do(ctx, op, request{method: http.MethodGet, path: "/v1/products?" + query.Encode()}, &found)
	})
	if err != nil || len(found.Products) == 0 {
		return false
	}
	if p.who.added { // the cart must still hold what was put into it after the last order
		p.inCart(ctx, http.MethodGet, "", 0)
		p.who.added = false
	}
	if !p.inCart(ctx, http.MethodDelete, "", 0) { // what an earlier visit may have left
		return false
	}
	picks := v.Rand.Perm(len(found.Products))
	for _, pick := range picks[:min(len(picks), 1+v.Rand.IntN(3))] {
		if !p.pick(ctx, found.Products[pick].ID, 1+v.Rand.Int64N(2)) {
			return false
		}
	}
	return p.inCart(ctx, http.MethodGet, "", 0) && len(p.cart.Items) > 0
}

// pick looks at a product and puts it into the cart, if there is enough of it.
func (p *purchase) pick(ctx context.Context, id string, quantity int64) bool {
	var page product
	err := p.visit.Do(ctx, opView, func(ctx context.Context, op *load.Operation) error {
		return p.buyer.client.do(ctx, op, request{method: http.MethodGet, path: "/v1/products/" + id}, &page)
	})
	if err != nil {
		return false
	}
	if page.Availability != nil && *page.Availability < quantity {
		return true
	}
	return p.inCart(ctx, http.MethodPut, id, quantity)
}

// inCart reads (GET) or empties (DELETE) the cart, or puts so many of a product into it (PUT), and notes how the cart is then.
func (p *purchase) inCart(ctx context.Context, method, product string, quantity int64) bool {
	return p.visit.Do(ctx, opCart, func(ctx context.Context, op *load.Operation) error {
		op.Set("user_id", p.who.id)
		op.Set("method", method)
		r := request{method: method, path: "/v1/cart", token: p.who.token}
		if product != "" {
			op.Set("product_id", product)
			op.Set("quantity", strconv.FormatInt(quantity, 10))
			r.path, r.body = r.path+"/items/"+product, map[string]int64{"quantity": quantity}
		}
		var answer cart
		if err := p.buyer.client.do(ctx, op, r, &answer); err != nil {
			return err
		}
		p.cart = answer
		op.Set("cart", p.cart.text())
		return nil
	}) == nil
}
