package shop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

const (
	// regulars is how many customers take turns at the till. Together they bear what is measured: each one's share stays
	// far below the limit of requests that one customer may send.
	regulars = 300
	// wellStocked is how many pieces there must be of what regulars buy, so that nothing is sold out while it is measured.
	wellStocked = 200
)

// opNobodyFree is what is noted of a visit for which there was no customer: the harness fell short, not the shop.
const opNobodyFree = "nobody-free"

// till is the shopper checkout. A visit is one checkout and nothing before it: accounts, cards and filled carts are made
// beforehand, and each customer's cart is filled again after the answer, on nobody's clock.
type till struct {
	buyer
	ready chan *regular
	keys  atomic.Int64
}

// regular is a customer who always buys one piece of the same product.
type regular struct {
	who     *customer
	product string
	cart    cart
}

// workload is what `stormglass bench` drives and counts.
func workload() *verdict.Workload {
	return &verdict.Workload{
		Shopper: "checkout", Operation: opCheckout, Thing: "order",
		What: fmt.Sprintf("one POST /v1/orders for a cart with one line, by one of %d customers in turn; each cart is filled again "+
			"by one PUT /v1/cart/items after the answer. An order counts as finished when it is shipped: stock reserved, card charged, "+
			"parcel booked and dispatched; its letters and messages go out beside that. The companies' stand-ins run on the same "+
			"machine and force their books to the disk.", regulars),
		Begun:    `sum(shop_orders_total{state="pending"})`,
		Finished: `sum(shop_orders_total{state="shipped"})`,
	}
}

// Prepare makes the customers and fills their carts.
func (t *till) Prepare(ctx context.Context, target load.Target) error {
	t.ready = make(chan *regular, regulars)
	if err := t.buyer.Prepare(ctx, load.Target{BaseURL: target.BaseURL, Seed: target.Seed}); err != nil {
		return err
	}
	if err := t.prepare(ctx, regulars-len(t.customers.free)); err != nil {
		return err
	}
	products, err := t.shelf(ctx)
	if err != nil {
		return err
	}
	for i := range regulars {
		r := &regular{who: t.customers.take(), product: products[i%len(products)]}
		if err := t.fill(ctx, r); err != nil {
			return fmt.Errorf("fill cart: %w", err)
		}
		t.ready <- r
	}
	return nil
}

// shelf lists products that will not sell out.
func (t *till) shelf(ctx context.Context) (ids []string, err error) {
	for page := 1; len(ids) < regulars; page++ {
		var found struct{ Products []product }
		path := fmt.Sprintf("/v1/products?page_size=100&page=%d", page)
		if err := t.client.do(ctx, &load.Operation{}, request{method: http.MethodGet, path: path}, &found); err != nil {
			return nil, fmt.Errorf("list products: %w", err)
		}
		if len(found.Products) == 0 {
			break
		}
		for _, p := range found.Products {
			if err := t.client.do(ctx, &load.Operation{}, request{method: http.MethodGet, path: "/v1/products/" + p.ID}, &p); err != nil {
				return nil, fmt.Errorf("look at product: %w", err)
			}
			if p.Availability != nil && *p.Availability >= wellStocked {
				ids = append(ids, p.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("list products: there are %d pieces of none", wellStocked)
	}
	return ids, nil
}

// fill puts the regular's product into the cart. Whether the shop has removed the ordered line yet makes no difference: afterwards the
// cart holds this one line, which is a new one and stays until it is ordered.
func (t *till) fill(ctx context.Context, r *regular) error {
	for {
		var unrecorded load.Operation
		err := t.client.do(ctx, &unrecorded, request{
			method: http.MethodPut, path: "/v1/cart/items/" + r.product, token: r.who.token, body: map[string]int64{"quantity": 1},
		}, &r.cart)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(comeBack):
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

// Visit checks out.
func (t *till) Visit(ctx context.Context, v *load.Visit) {
	var r *regular
	select {
	case r = <-t.ready:
	default:
		_ = v.Do(ctx, opNobodyFree, func(context.Context, *load.Operation) error { return errors.New("every customer is busy") })
		return
	}
	defer func() { t.ready <- r }()
	var status int
	_ = v.Do(ctx, opCheckout, func(ctx context.Context, op *load.Operation) error {
		op.Key = fmt.Sprintf("till-%d", t.keys.Add(1))
		err := t.client.do(ctx, op, request{method: http.MethodPost, path: "/v1/orders", token: r.who.token, key: op.Key, body: r.order()}, nil)
		status = op.Status
		return err
	})
	if status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests { // else the cart is as it was
		_ = t.fill(ctx, r) // fails only when the visit is given up
	}
}

func (r *regular) order() map[string]any {
	return map[string]any{
		"cart_version": r.cart.Version, "expected_total": r.cart.Total, "card_ref": r.who.cards[goodCard],
		"address": map[string]string{"name": "Ada Lovelace", "street": "Harbour Road 7", "postcode": "20457", "city": "Hamburg", "country": "DE"},
	}
}
