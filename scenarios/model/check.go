package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// searchLimit is how long an order of the calls of one history is looked for.
const searchLimit = 10 * time.Second

// The words of the shop's API that the model knows.
const (
	shipped    = "shipped"
	cancelled  = "cancelled"
	byCustomer = "customer"
	ordersPath = "/v1/orders/"
)

// Faults says what may keep the shop from doing what it was asked.
type Faults struct {
	// Any says that a fault was injected while the history ran: orders may be cancelled because a deadline passed, and a change of a
	// cart may be made twice while it is under way.
	Any bool
}

// Check compares a history with the model. Broken holds what the model could not have answered, undecided what was not found out in
// time.
func Check(calls []Call, faults Faults) (broken, undecided []string) {
	customers := map[int][]Call{}
	emails := map[string][]attempt{}
	for _, c := range calls {
		customers[c.Customer] = append(customers[c.Customer], c)
		if c.Kind == Register {
			emails[c.Email] = append(emails[c.Email], attempt{call: c, made: c.User, exists: c.Reason == "email_taken"})
		}
	}
	decide := func(result porcupine.CheckResult, what string, args ...any) {
		switch result {
		case porcupine.Illegal:
			broken = append(broken, fmt.Sprintf(what+" cannot have come one by one in any order", args...))
		case porcupine.Unknown:
			undecided = append(undecided, fmt.Sprintf(what+" could not be put in order within "+searchLimit.String(), args...))
		}
	}
	for _, customer := range slices.Sorted(maps.Keys(customers)) {
		own := customers[customer]
		placed, wrong := placements(own)
		broken = append(broken, wrong...)
		decide(checkCart(own, placed, faults), "the calls on the cart of customer %d", customer)
		versions := map[int64][]attempt{}
		for _, p := range placed {
			versions[p.Version] = append(versions[p.Version], p.attempts(placed)...)
		}
		for _, version := range slices.Sorted(maps.Keys(versions)) {
			decide(checkOnce(versions[version]), "the orders of version %d of the cart of customer %d", version, customer)
		}
		broken = append(broken, checkOrders(own, placed, faults)...)
	}
	for _, email := range slices.Sorted(maps.Keys(emails)) {
		decide(checkOnce(emails[email]), "the registrations of %s", email)
	}
	return broken, undecided
}

// attempts gives the calls with one key as attempts to order one version of the cart.
func (p placement) attempts(all []placement) (list []attempt) {
	if p.Outcome != Refused {
		return []attempt{{call: p.Call, made: p.Order}}
	}
	for _, c := range p.refusals {
		switch c.Reason {
		case "cart_ordered": // this version, or another one that has a line of it
			other := func(name string) bool {
				return slices.ContainsFunc(all, func(o placement) bool {
					return o.Version != p.Version && (o.Outcome == Unknown || o.Outcome == OK && o.Order == name)
				})
			}
			list = append(list, attempt{call: c, exists: true, names: strings.TrimPrefix(c.Resource, ordersPath), other: other})
		case "cart_empty", "cart_changed":
			list = append(list, attempt{call: c})
		}
	}
	return list
}

// checkOrders compares a customer's orders at the end with what was answered before.
func checkOrders(calls []Call, placed []placement, faults Faults) (broken []string) {
	i := slices.IndexFunc(calls, func(c Call) bool { return c.Kind == List })
	if i < 0 {
		return nil
	}
	orders := calls[i].Orders
	wrong := func(what string, args ...any) { broken = append(broken, fmt.Sprintf(what, args...)) }
	known, unanswered := map[string]bool{}, 0
	for _, p := range placed {
		switch p.Outcome {
		case Unknown:
			unanswered++
		case OK:
			known[p.Order] = true
			o, there := orders[p.Order]
			if !there {
				wrong("order %s was accepted, and its customer has no such order", p.Order)
			} else if !sameLines(o.Lines, p.Lines) {
				wrong("order %s was accepted over %v, and is over %v", p.Order, p.Lines, o.Lines)
			}
		}
	}
	cancels := map[string]Outcome{} // by order, the best that was answered
	for _, c := range calls {
		if c.Kind == Cancel && (cancels[c.Order] == "" || c.Outcome == OK || c.Outcome == Unknown && cancels[c.Order] == Refused) {
			cancels[c.Order] = c.Outcome
		}
	}
	for _, id := range slices.Sorted(maps.Keys(orders)) {
		o, cancel := orders[id], cancels[id]
		if !known[id] {
			unanswered--
		}
		switch {
		case o.State != shipped && o.State != cancelled:
			wrong("order %s is %s although the shop is idle", id, o.State)
		case o.State == shipped && cancel == OK:
			wrong("order %s was cancelled, and shipped", id)
		case o.State == cancelled && o.Reason == byCustomer && cancel != OK && cancel != Unknown:
			wrong("order %s was cancelled by its customer, who did not", id)
		case o.State == cancelled && o.Reason != byCustomer && !faults.Any:
			wrong("order %s was cancelled (%s), and there was no reason for it", id, o.Reason)
		}
		switch {
		case o.State == shipped && (o.Payment != "completed" || o.Amount != o.Total):
			wrong("order %s over %d was shipped, and its payment is %q over %d", id, o.Total, o.Payment, o.Amount)
		case o.State == cancelled && (o.Payment == "completed" || o.Payment == "due"):
			wrong("order %s was cancelled, and its payment is %q", id, o.Payment)
		}
	}
	if unanswered < 0 {
		wrong("there are %d orders more than were accepted or may have been", -unanswered)
	}
	return broken
}
