// Package model is a small sequential model of the shop, and an oracle for what its clients saw: several sessions of a few customers
// put things into carts, order, repeat, cancel and register at the same time, and what they were answered must be what the model could
// have answered, too, had it been asked one by one.
//
// Linearizable are the operations on one cart, the orders of one version of a cart, and the registrations of one e-mail address; the
// rest is compared with the model once the shop is idle. A request that was not answered may have happened or not, at any later time.
package model

import "slices"

// Kind is what a step or a call does.
type Kind string

// The kinds of steps. A step that has nothing to refer to, such as a repeat before the first order, reads the cart.
const (
	Read     Kind = "read"     // the cart
	Put      Kind = "put"      // a product into the cart
	Remove   Kind = "remove"   // a product from the cart
	Clear    Kind = "clear"    // the cart
	Order    Kind = "order"    // the cart that the session saw last, under a new key
	Repeat   Kind = "repeat"   // the session's last order, under the same key
	OtherKey Kind = "otherkey" // the session's last order, under another key
	Cancel   Kind = "cancel"   // the session's last order
	Reprice  Kind = "reprice"  // a product, as the shop's staff does
	Register Kind = "register" // an e-mail address, under a new key
	// Race is two sessions of one customer that read the cart, wait for each other, and order it.
	Race Kind = "race"
	// List is the customer's orders at the end. It is no step.
	List Kind = "list"
)

// Step is one thing that a session does.
type Step struct {
	Kind     Kind
	Product  int   // which of the history's products
	Quantity int64 // pieces, for Put; a number of cents, for Reprice
}

// Session is one client of a customer, which does one thing after the other.
type Session struct {
	Customer int
	Steps    []Step
}

// Plan is what a history is made of.
type Plan struct {
	Customers int
	Sessions  []Session
}

const (
	// Products is how many products a history is about: few, so that sessions meet.
	Products = 3
	// Addresses is how many e-mail addresses a history registers at most.
	Addresses = 2

	fewestSteps = 7 // of a session; three sessions make more than twenty operations
	mostSteps   = 10
	mostPieces  = 3
)

// Chooser draws numbers from 0 to n-1.
type Chooser interface{ IntN(n int) int }

// Draw makes a plan of three or four sessions of two customers. In one of three plans, two sessions of a customer race for one cart.
// Staff says whether somebody may change prices, and registering whether accounts may be made, which takes the shop long on purpose.
func Draw(c Chooser, staff, registering bool) Plan {
	kinds := []Kind{Read, Put, Put, Put, Put, Remove, Clear, Order, Order, Order, Repeat, OtherKey, Cancel}
	if staff && c.IntN(3) == 0 {
		kinds = append(kinds, Reprice)
	}
	if registering && c.IntN(10) == 0 {
		kinds = append(kinds, Register)
	}
	p := Plan{Customers: 2, Sessions: []Session{{Customer: 0}, {Customer: 0}, {Customer: 1}}}
	if c.IntN(2) == 0 {
		p.Sessions = append(p.Sessions, Session{Customer: c.IntN(2)})
	}
	for i := range p.Sessions {
		s := &p.Sessions[i]
		for range fewestSteps + c.IntN(mostSteps-fewestSteps+1) {
			s.Steps = append(s.Steps, Step{Kind: kinds[c.IntN(len(kinds))], Product: c.IntN(Products), Quantity: int64(1 + c.IntN(mostPieces))})
		}
	}
	if c.IntN(3) == 0 {
		at := c.IntN(fewestSteps)
		for i := range 2 {
			s := &p.Sessions[i]
			s.Steps = slices.Insert(s.Steps, at, Step{Kind: Put, Product: i, Quantity: 1}, Step{Kind: Race})
		}
	}
	return p
}
