package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"stormglass/chaos/load"
)

// lookEvery is how often the mailbox is asked whether an e-mail has come.
const lookEvery = 20 * time.Millisecond

// tour shows the shop to people.
type tour struct{}

// Probe implements load.Tour: one customer buys one thing.
func (tour) Probe(ctx context.Context, site load.Site, progress func(format string, args ...any)) (load.Sighting, error) {
	b := &buyer{client: newClient(site.BaseURL), seed: site.Seed}
	defer b.client.close()
	progress("registering a customer")
	who, err := b.make(ctx)
	if err != nil {
		return load.Sighting{}, fmt.Errorf("register customer: %w", err)
	}
	p := &purchase{buyer: b, who: who, errand: errandOf(0), key: "probe"}
	if err := p.fill(ctx); err != nil {
		return load.Sighting{}, err
	}
	progress("placing an order over %d.%02d %s", p.cart.Total.Minor/100, p.cart.Total.Minor%100, p.cart.Total.Currency)
	seen, err := p.watchOne(ctx, progress)
	if err != nil {
		return load.Sighting{}, err
	}
	if err := mailed(ctx, site, who.email, p.id); err != nil {
		return load.Sighting{}, err
	}
	seen.Completed = time.Now()
	progress("the confirmation's e-mail has arrived")
	return seen, nil
}

// fill puts the first product of the catalogue into the cart.
func (p *purchase) fill(ctx context.Context) error {
	var found struct{ Products []product }
	var op load.Operation
	if err := p.buyer.client.do(ctx, &op, request{method: http.MethodGet, path: "/v1/products?text=lamp&page_size=1"}, &found); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	if len(found.Products) == 0 {
		return fmt.Errorf("search: there is no lamp in the catalogue")
	}
	r := request{method: http.MethodPut, path: "/v1/cart/items/" + found.Products[0].ID, token: p.who.token, body: map[string]int{"quantity": 1}}
	if err := p.buyer.client.do(ctx, &op, r, &p.cart); err != nil {
		return fmt.Errorf("fill cart: %w", err)
	}
	return nil
}

// watchOne places the order and watches it until it is shipped.
func (p *purchase) watchOne(ctx context.Context, progress func(string, ...any)) (seen load.Sighting, err error) {
	var op load.Operation
	var order struct{ ID string }
	begin := time.Now()
	if err := p.buyer.client.do(ctx, &op, p.request(), &order); err != nil {
		return seen, fmt.Errorf("place order: %w", err)
	}
	p.id, seen.TraceID = order.ID, op.Fields["trace_id"]
	var last orderState
	err = p.buyer.client.follow(ctx, p.who.token, p.id, func(s orderState) {
		last = s
		if s.State != "pending" && seen.Confirmed == 0 {
			seen.Confirmed = time.Since(begin)
		}
		progress("the order is %s", s.State)
	})
	if err == nil && last.State != shipped {
		err = fmt.Errorf("place order: it was %s (%s)", last.State, last.Reason)
	}
	return seen, err
}

// mailed waits until the confirmation of an order is in its customer's mailbox.
func mailed(ctx context.Context, site load.Site, email, order string) error {
	for {
		text, err := site.Books(ctx, "mailbox")
		if err != nil {
			return fmt.Errorf("read mailbox: %w", err)
		}
		var books struct {
			Messages []struct {
				To      []string
				Subject string
			}
		}
		if err := json.Unmarshal(text, &books); err != nil {
			return fmt.Errorf("decode mailbox: %w", err)
		}
		for _, m := range books.Messages {
			if slices.Contains(m.To, email) && strings.Contains(m.Subject, order) && strings.Contains(m.Subject, "confirmed") {
				return nil
			}
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return fmt.Errorf("wait for the confirmation of order %s by e-mail: %w", order, ctx.Err())
		}
	}
}

// Walkthrough implements load.Tour.
func (tour) Walkthrough(baseURL string) string {
	return strings.ReplaceAll(walkthrough, "BASE", baseURL)
}
