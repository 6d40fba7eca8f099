package shop

import (
	"context"
	"fmt"
	"net/http"

	"stormglass/scenarios/model"
	"stormglass/system/api/catalogue"
)

// session is one client of a customer.
type session struct {
	*player
	number, customer int
	who              *customer
	seen             cart
	last             request // the order that was sent last
	order            string  // the order that was accepted last
}

func (s *session) play(ctx context.Context, steps []model.Step) {
	for _, step := range steps {
		if ctx.Err() != nil {
			return
		}
		s.step(ctx, step)
	}
}

func (s *session) step(ctx context.Context, step model.Step) {
	c := model.Call{Customer: s.customer, Session: s.number, Kind: step.Kind, Quantity: step.Quantity}
	product := s.products[step.Product]
	switch {
	case step.Kind == model.Put:
		c.Product = product
		s.inCart(ctx, c, request{method: http.MethodPut, path: "/v1/cart/items/" + product, body: map[string]int64{"quantity": step.Quantity}})
	case step.Kind == model.Remove:
		c.Product = product
		s.inCart(ctx, c, request{method: http.MethodDelete, path: "/v1/cart/items/" + product})
	case step.Kind == model.Clear:
		s.inCart(ctx, c, request{method: http.MethodDelete, path: "/v1/cart"})
	case step.Kind == model.Order && len(s.seen.Items) > 0:
		s.checkout(ctx, c, s.newOrder())
	case step.Kind == model.Race:
		s.read(ctx)
		select {
		case s.meet <- struct{}{}:
		case <-s.meet:
		case <-ctx.Done():
		}
		if c.Kind = model.Order; len(s.seen.Items) > 0 {
			s.checkout(ctx, c, s.newOrder())
		}
	case step.Kind == model.Repeat && s.last.key != "":
		s.checkout(ctx, c, s.last)
	case step.Kind == model.OtherKey && s.last.key != "":
		again := s.last
		again.key = s.key()
		s.checkout(ctx, c, again)
	case step.Kind == model.Cancel && s.order != "":
		c.Order = s.order
		s.call(ctx, c, request{method: http.MethodPost, path: "/v1/orders/" + s.order + "/cancel", token: s.who.token}, nil, func(*model.Call) {})
	case step.Kind == model.Reprice && s.staff != "":
		c.Product = product
		price := map[string]amount{"price": {1000 + step.Quantity, catalogue.Currency}}
		s.call(ctx, c, request{method: http.MethodPut, path: "/v1/products/" + product + "/price", token: s.staff, body: price}, nil, func(*model.Call) {})
	case step.Kind == model.Register:
		s.register(ctx, c, step.Product%model.Addresses)
	default:
		s.read(ctx)
	}
}

func (s *session) read(ctx context.Context) {
	s.inCart(ctx, model.Call{Customer: s.customer, Session: s.number, Kind: model.Read}, request{method: http.MethodGet, path: "/v1/cart"})
}

// lines gives the pieces in the cart by product.
func (c cart) lines() map[string]int64 {
	lines := map[string]int64{}
	for _, i := range c.Items {
		lines[i.ID] = i.Quantity
	}
	return lines
}

func (s *session) inCart(ctx context.Context, c model.Call, r request) {
	r.token = s.who.token
	var answer cart
	s.call(ctx, c, r, &answer, func(c *model.Call) {
		c.Version, c.Lines, s.seen = answer.Version, answer.lines(), answer
	})
}

// key gives a key that nothing was sent with.
func (s *session) key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys++
	return fmt.Sprintf("history-%s-%d", s.name, s.keys)
}

func (s *session) newOrder() request {
	p := purchase{who: s.who, cart: s.seen, key: s.key(), errand: errand{card: goodCard, country: "DE"}}
	return p.request()
}

func (s *session) checkout(ctx context.Context, c model.Call, r request) {
	s.last, c.Key = r, r.key
	c.Version = r.body.(map[string]any)["cart_version"].(int64)
	var answer placedOrder
	done := s.call(ctx, c, r, &answer, func(c *model.Call) { c.Order, c.Lines = answer.ID, answer.lines() })
	if done.Outcome == model.OK {
		s.order = done.Order
	}
}

func (s *session) register(ctx context.Context, c model.Call, address int) {
	c.Email, c.Key = fmt.Sprintf("history-%s-%d@example.com", s.name, address), s.key()
	var answer struct {
		UserID string `json:"user_id"`
	}
	account := map[string]string{"email": c.Email, "password": password, "name": fmt.Sprintf("Session %d", s.number)}
	s.call(ctx, c, request{method: http.MethodPost, path: "/v1/users", key: c.Key, body: account}, &answer, func(c *model.Call) { c.User = answer.UserID })
}
