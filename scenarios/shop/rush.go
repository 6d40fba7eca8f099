package shop

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"stormglass/chaos/load"
	"stormglass/system/api/catalogue"
)

// The names of the shoppers who come in a rush.
const (
	rushName     = "flash-sale"
	rushHourName = "rush-hour"
)

// onSale is what a flash sale sells: the limited edition of which there is most.
func onSale() catalogue.Product {
	limited := slices.DeleteFunc(catalogue.Products(), func(p catalogue.Product) bool { return !strings.HasSuffix(p.Title, "Limited Edition") })
	return slices.MaxFunc(limited, func(a, b catalogue.Product) int { return int(a.Stock - b.Stock) })
}

// everyday lists products of which there is more than any rush can take.
func everyday() []catalogue.Product {
	return slices.DeleteFunc(catalogue.Products(), func(p catalogue.Product) bool { return p.Stock < wellStocked })
}

// rush is the shoppers flash-sale and rush-hour. Everybody is a customer of their own, with one piece of what they want in
// the cart already when they come, so that a visit is the checkout and the wait for what comes of it.
type rush struct {
	buyer
	wants   []catalogue.Product // by turns
	ends    string              // how the orders must end; empty where that depends on who is faster
	tries   int                 // how often somebody tries who is turned away at the door
	waiting chan *purchase
}

// Prepare makes as many customers as there will be visits, and puts them in front of the door.
func (r *rush) Prepare(ctx context.Context, target load.Target) error {
	r.client, r.seed, r.cards = newClient(target.BaseURL, target.Doors...), target.Seed, []string{goodCard}
	if err := r.prepare(ctx, target.Visits); err != nil {
		return err
	}
	r.waiting = make(chan *purchase, target.Visits)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var filling sync.WaitGroup
	var turn atomic.Int64
	for range atOnce {
		filling.Go(func() {
			for who := r.customers.take(); who != nil && ctx.Err() == nil; who = r.customers.take() {
				p := &purchase{buyer: &r.buyer, who: who, errand: errand{card: goodCard, country: "DE", ends: r.ends}}
				if err := p.reach(ctx, r.wants[int(turn.Add(1))%len(r.wants)].ID); err != nil {
					cancel(fmt.Errorf("fill cart: %w", err))
					return
				}
				r.waiting <- p
			}
		})
	}
	filling.Wait()
	return context.Cause(ctx)
}

// reach puts one piece of a product into the cart.
func (p *purchase) reach(ctx context.Context, product string) error {
	return patiently(ctx, func() error {
		one := request{method: http.MethodPut, path: "/v1/cart/items/" + product, token: p.who.token, body: map[string]int64{"quantity": 1}}
		return p.buyer.client.do(ctx, &load.Operation{}, one, &p.cart)
	})
}

// Visit grabs. Whoever is turned away at the door and is patient comes back when told to, a little later than that and not
// all at once.
func (r *rush) Visit(ctx context.Context, v *load.Visit) {
	var p *purchase
	select {
	case p = <-r.waiting:
	default:
		_ = v.Do(ctx, opNobodyFree, func(context.Context, *load.Operation) error {
			return fmt.Errorf("all %d customers have come", cap(r.waiting))
		})
		return
	}
	p.visit = v
	accepted := p.order(ctx)
	for try := 1; !accepted && p.comeAt > 0 && try < r.tries; try++ {
		select {
		case <-time.After(p.comeAt + time.Duration(v.Rand.Int64N(int64(p.comeAt)))):
		case <-ctx.Done():
			return
		}
		p.checkout(ctx, opRepeat)
		accepted = p.id != ""
	}
	if accepted {
		p.follow(ctx)
	}
}
