package model

import (
	"fmt"
	"maps"
	"time"

	"pgregory.net/rapid"
)

// toy is a shop in memory, for two customers. Calls take effect one by one; what its clients see of it, and when, is drawn.
type toy struct {
	t        *rapid.T
	carts    [2]map[string]piece
	version  [2]int64
	pending  [2][]int64 // versions that were ordered, whose events have not come to the cart yet
	ordered  [2]map[string]string
	byCart   [2]map[int64]string
	byKey    map[string]Call
	orders   [2]map[string]Placed
	accounts map[string]string
	count    int
	clock    int64
	lies     map[string]bool
}

// piece is a line of a cart.
type piece struct {
	quantity, version int64
}

func newToy(t *rapid.T, lies ...string) *toy {
	s := &toy{t: t, byKey: map[string]Call{}, accounts: map[string]string{}, lies: map[string]bool{}}
	for i := range s.carts {
		s.carts[i], s.ordered[i], s.byCart[i], s.orders[i] = map[string]piece{}, map[string]string{}, map[int64]string{}, map[string]Placed{}
	}
	for _, l := range lies {
		s.lies[l] = true
	}
	return s
}

func (s *toy) at() time.Time {
	s.clock++
	return time.Unix(0, s.clock)
}

func (s *toy) flip(what string, of int) bool { return rapid.IntRange(0, of-1).Draw(s.t, what) == 0 }

// events lets some of the events about orders come to a cart.
func (s *toy) events(customer int, all bool) {
	for len(s.pending[customer]) > 0 && (all || s.flip("event", 3)) {
		version := s.pending[customer][0]
		s.pending[customer] = s.pending[customer][1:]
		before := len(s.carts[customer])
		maps.DeleteFunc(s.carts[customer], func(_ string, p piece) bool {
			return p.version <= version && !s.lies["ordered lines stay"] || s.lies["the whole cart is emptied"]
		})
		if len(s.carts[customer]) < before {
			s.version[customer]++
		}
	}
}

func (s *toy) lines(customer int) map[string]int64 {
	lines := map[string]int64{}
	for product, p := range s.carts[customer] {
		lines[product] = p.quantity
	}
	return lines
}

// serve answers one call, at one moment.
func (s *toy) serve(c Call) Call {
	s.events(c.Customer, c.Settled)
	n := c.Customer
	c.Outcome = OK
	switch c.Kind {
	case Put:
		s.version[n]++
		s.carts[n][c.Product] = piece{c.Quantity, s.version[n]}
	case Remove:
		if _, there := s.carts[n][c.Product]; there {
			delete(s.carts[n], c.Product)
			s.version[n]++
		}
	case Clear:
		if len(s.carts[n]) > 0 {
			clear(s.carts[n])
			s.version[n]++
		}
	case Order, Repeat, OtherKey:
		return s.place(c)
	case Cancel:
		o := s.orders[n][c.Order]
		if o.State == shipped {
			c.Outcome, c.Reason = Refused, "order_not_cancellable"
		} else if o.State, o.Reason = cancelled, byCustomer; true {
			s.orders[n][c.Order] = o
		}
		return c
	case Register:
		if s.accounts[c.Email] != "" && !s.lies["two accounts of one address"] {
			c.Outcome, c.Reason = Refused, "email_taken"
			return c
		}
		s.count++
		s.accounts[c.Email] = fmt.Sprint("user-", s.count)
		c.User = s.accounts[c.Email]
		return c
	case List:
		c.Orders = maps.Clone(s.orders[n])
		return c
	}
	c.Version, c.Lines = s.version[n], s.lines(n)
	return c
}

func (s *toy) place(c Call) Call {
	n := c.Customer
	if first, made := s.byKey[c.Key]; made && !s.lies["keys are ignored"] {
		c.Order, c.Lines = first.Order, first.Lines
		return c
	}
	refuse := func(reason, order string) Call {
		c.Outcome, c.Reason = Refused, reason
		if order != "" {
			c.Resource = ordersPath + order
		}
		return c
	}
	once := !s.lies["a cart is ordered twice"]
	if first := s.byCart[n][c.Version]; first != "" && once {
		return refuse("cart_ordered", first)
	}
	switch {
	case len(s.carts[n]) == 0:
		return refuse("cart_empty", "")
	case s.version[n] != c.Version:
		return refuse("cart_changed", "")
	}
	for product, p := range s.carts[n] {
		if first := s.ordered[n][fmt.Sprint(product, p.version)]; first != "" && once {
			return refuse("cart_ordered", first)
		}
	}
	s.count++
	c.Order, c.Lines = fmt.Sprint("order-", s.count), s.lines(n)
	for product, p := range s.carts[n] {
		s.ordered[n][fmt.Sprint(product, p.version)] = c.Order
	}
	s.byCart[n][c.Version], s.byKey[c.Key] = c.Order, c
	s.pending[n] = append(s.pending[n], c.Version)
	o := Placed{State: "pending", Lines: c.Lines, Total: 7}
	if s.flip("confirmed at once", 2) {
		o.State = shipped
	}
	s.orders[n][c.Order] = o
	return c
}

// finish ends all orders, and pays for those that are shipped.
func (s *toy) finish() {
	for n := range s.orders {
		for id, o := range s.orders[n] {
			if o.State == "pending" {
				o.State = shipped
			}
			if o.State == shipped {
				o.Payment, o.Amount = "completed", o.Total
			}
			if s.lies["a cancelled order is shipped"] {
				o.State, o.Reason, o.Payment, o.Amount = shipped, "", "completed", o.Total
			}
			if s.lies["a cancelled order is paid"] && o.State == cancelled {
				o.Payment = "completed"
			}
			s.orders[n][id] = o
		}
		if s.lies["an order is lost"] {
			clear(s.orders[n])
		}
	}
}

// client is one session of a plan that is being played.
type client struct {
	customer, number int
	steps            []Step
	seen             Call
	last             Call
	order            string
	open             *Call // sent, and not answered yet
}

// next makes the next request of a session.
func (c *client) next(s *toy) Call {
	step := c.steps[0]
	c.steps = c.steps[1:]
	call := Call{Customer: c.customer, Session: c.number, Kind: step.Kind, Quantity: step.Quantity}
	switch kind := step.Kind; {
	case kind == Put, kind == Remove:
		call.Product = fmt.Sprint("product-", step.Product)
	case kind == Register:
		s.count++
		call.Email, call.Key = fmt.Sprint("address-", step.Product%Addresses), fmt.Sprint("key-", s.count)
	case (kind == Order || kind == Race) && len(c.seen.Lines) > 0, kind == OtherKey && c.last.Key != "":
		s.count++
		call.Kind, call.Key, call.Version = Order, fmt.Sprint("key-", s.count), c.seen.Version
		if kind == OtherKey {
			call.Version = c.last.Version
		}
		c.last = call
	case kind == Repeat && c.last.Key != "":
		call.Key, call.Version = c.last.Key, c.last.Version
	case kind == Cancel && c.order != "":
		call.Order = c.order
	case kind != Clear:
		call.Kind = Read
	}
	return call
}

// history plays a plan in a toy shop: the sessions' calls overlap, and some answers or requests are lost.
func (s *toy) history(plan Plan) (calls []Call) {
	var clients []*client
	for i, p := range plan.Sessions {
		clients = append(clients, &client{customer: p.Customer, number: i, steps: p.Steps})
	}
	for {
		var busy []*client
		for _, c := range clients {
			if c.open != nil || len(c.steps) > 0 {
				busy = append(busy, c)
			}
		}
		if len(busy) == 0 {
			break
		}
		c := rapid.SampledFrom(busy).Draw(s.t, "session")
		if c.open == nil {
			call := c.next(s)
			call.Start = s.at()
			if !s.flip("request is lost", 15) {
				call = s.serve(call)
			} else {
				call.Outcome = Unknown
			}
			c.open = &call
			continue
		}
		call := *c.open
		c.open, call.End = nil, s.at()
		if s.flip("answer is lost", 15) || call.Outcome == Unknown {
			call = Call{Customer: call.Customer, Session: call.Session, Kind: call.Kind, Product: call.Product, Quantity: call.Quantity, Key: call.Key,
				Email: call.Email, Start: call.Start, End: call.End, Outcome: Unknown, Version: versionSent(call), Order: orderSent(call)}
		}
		switch {
		case call.Outcome != OK:
		case call.Key != "" && call.Kind != Register:
			c.order = call.Order
		case call.Lines != nil:
			c.seen = call
		}
		calls = append(calls, call)
	}
	s.finish()
	for n := range s.carts {
		for _, last := range []Call{{Customer: n, Kind: List}, {Customer: n, Kind: Read, Settled: true}} {
			last.Start = s.at()
			last = s.serve(last)
			last.End = s.at()
			calls = append(calls, last)
		}
	}
	return calls
}

// orderSent is the order that a call is about.
func orderSent(c Call) string {
	if c.Kind == Cancel {
		return c.Order
	}
	return ""
}

// versionSent is the version that an order asks for; other calls send none.
func versionSent(c Call) int64 {
	if c.Key != "" && c.Kind != Register {
		return c.Version
	}
	return 0
}
