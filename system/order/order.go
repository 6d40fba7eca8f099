// Package order places orders and alone decides their fate.
//
//	pending ──payment completed──▶ confirmed ──dispatched──▶ shipped
//	   │                              │
//	   └─ no stock, declined,         └─ shipment failed ──▶ cancelled
//	      deadline, customer ──▶ cancelled
package order

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"stormglass/system/platform/money"
)

// Own types keep ids from being swapped.
type (
	// ID names an order.
	ID string
	// UserID names the customer who owns it.
	UserID string
)

// State is where an order stands.
type State string

// The states. Shipped and Cancelled are final.
const (
	Pending   State = "pending"
	Confirmed State = "confirmed"
	Shipped   State = "shipped"
	Cancelled State = "cancelled"
)

// Reason says why an order was cancelled.
type Reason string

// The reasons.
const (
	OutOfStock      Reason = "out_of_stock"
	PaymentDeclined Reason = "payment_declined"
	DeadlinePassed  Reason = "deadline"
	ByCustomer      Reason = "customer"
	ShipmentFailed  Reason = "shipment_failed"
)

// moves lists, for each cause, the only state that an order may be in, and where it goes. An order in any other state
// stays where it is.
var moves = map[cause]struct{ from, to State }{
	causePaid:           {Pending, Confirmed},
	causeOutOfStock:     {Pending, Cancelled},
	causeDeclined:       {Pending, Cancelled},
	causeDeadline:       {Pending, Cancelled},
	causeCustomer:       {Pending, Cancelled},
	causeDispatched:     {Confirmed, Shipped},
	causeShipmentFailed: {Confirmed, Cancelled},
}

// cause is what moves an order.
type cause string

const (
	causePaid           cause = "paid"
	causeOutOfStock     cause = cause(OutOfStock)
	causeDeclined       cause = cause(PaymentDeclined)
	causeDeadline       cause = cause(DeadlinePassed)
	causeCustomer       cause = cause(ByCustomer)
	causeDispatched     cause = "dispatched"
	causeShipmentFailed cause = cause(ShipmentFailed)
)

// ErrMoveRefused says that an order's state does not allow a move.
var ErrMoveRefused = errors.New("move refused")

// Item is one line of an order, at the price that the customer saw.
type Item struct {
	ProductID string      `json:"product_id"`
	Title     string      `json:"title"`
	Quantity  int64       `json:"quantity"`
	UnitPrice money.Money `json:"unit_price"`
	// LineVersion is the version of the cart in which the line was set; 0 in orders of before lines had versions.
	LineVersion int64 `json:"line_version"`
}

// Address is where the goods go.
type Address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// Order is what a customer bought.
type Order struct {
	ID      ID
	User    UserID
	Key     string // the client's idempotency key
	Digest  string // of the request that made it: the same key with another request is refused
	State   State
	Reason  Reason
	Items   []Item
	Total   money.Money
	Address Address
	CardRef string
	// CartVersion is the version of the cart that it was made from. No other order of the user is made from it.
	CartVersion int64
	Created     time.Time
	Updated     time.Time
	// Deadline is when a pending order is given up.
	Deadline time.Time
}

// Final says that nothing will happen to the order any more.
func (s State) Final() bool { return s == Shipped || s == Cancelled }

// move takes the order where the cause leads, or says why not.
func (o *Order) move(c cause, now time.Time) error {
	m, known := moves[c]
	if !known || o.State != m.from {
		return fmt.Errorf("%w: %s order does not move on %q", ErrMoveRefused, o.State, c)
	}
	o.State, o.Updated = m.to, now
	if m.to == Cancelled {
		o.Reason = Reason(c)
	}
	return nil
}

// total adds the items up.
func total(items []Item) (money.Money, error) {
	if len(items) == 0 {
		return money.Money{}, errors.New("total of no items")
	}
	sum := money.Of(0, items[0].UnitPrice.Currency)
	for item := range slices.Values(items) {
		line, err := item.UnitPrice.Times(item.Quantity)
		if err != nil {
			return money.Money{}, err
		}
		if sum, err = sum.Add(line); err != nil {
			return money.Money{}, err
		}
	}
	return sum, nil
}
