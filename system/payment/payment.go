// Package payment charges and refunds, exactly once per order, and is the only service that ever sees a card's token.
//
//	            both the order and its stock are known      the processor says so
//	waiting ──────────────────────────────────────▶ due ──────────────────────▶ completed
//	   │                                             │  └── declined ──▶ failed      │
//	   │ cancelled                         cancelled │                              │ cancelled
//	   ▼                                             ▼        it had been charged   ▼
//	cancelled ◀──── not charged ──────────────── cancelling ──────────────────▶ refunding ──▶ refunded
//
// What is due, cancelling or refunding is durable work (platform/work): a charge is created unconfirmed, its id is stored,
// and only then it is confirmed. So whatever answer is lost, the charge can be read by its id; nothing is guessed and
// nothing charged again.
package payment

import (
	"strings"
	"time"

	"stormglass/system/platform/cardnumber"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
)

// Own types keep ids from being swapped.
type (
	// OrderID names the order that is paid for.
	OrderID string
	// UserID names who pays.
	UserID string
	// CardRef is what the rest of the shop knows a card by.
	CardRef string
	// IntentID is the processor's name for a charge.
	IntentID string
)

// State is where a payment stands.
type State string

// The states.
const (
	Waiting    State = "waiting"
	Due        State = "due"
	Completed  State = "completed"
	Failed     State = "failed"
	Cancelling State = "cancelling"
	Cancelled  State = "cancelled"
	Refunding  State = "refunding"
	Refunded   State = "refunded"
)

// Payment is the money of one order.
type Payment struct {
	Order  OrderID
	User   UserID
	Amount money.Money
	Card   CardRef
	State  State
	Reason string
	Intent IntentID
	// OrderKnown and StockReserved say which of the two events that make it due have come.
	OrderKnown, StockReserved bool
	// Attempts counts how often a worker took it up.
	Attempts int64
	// Origin is the request that led to it, for logs and traces.
	Origin string
	// Since is when it entered its state.
	Since time.Time
}

// ordered takes in what the order says.
func (p *Payment) ordered(user UserID, amount money.Money, card CardRef) {
	p.User, p.Amount, p.Card, p.OrderKnown = user, amount, card, true
	p.advance()
}

// reserved takes in that the goods are there.
func (p *Payment) reserved() {
	p.StockReserved = true
	p.advance()
}

// cancel takes in that the order is cancelled. A charge that a worker may have begun is looked into first.
func (p *Payment) cancel() {
	switch {
	case p.State == Waiting, p.State == Due && p.Attempts == 0:
		p.State = Cancelled
	case p.State == Due:
		p.State = Cancelling
	case p.State == Completed:
		p.State = Refunding
	}
}

func (p *Payment) advance() {
	if p.State == Waiting && p.OrderKnown && p.StockReserved {
		p.State = Due
	}
}

// Final says that the money is where it belongs, unless the order is cancelled later.
func (s State) Final() bool {
	return s == Completed || s == Failed || s == Cancelled || s == Refunded
}

// longestToken is more than the processor's tokens have.
const longestToken = 100

// checkToken refuses what is not a processor's token, a card's number above all. It never repeats the value.
func checkToken(token string) error {
	if cardnumber.In(token) {
		return problem.New(problem.Invalid, "card_number_refused", "token: this looks like a card number, which we never take: let the card processor's form make a token (pm_…) and send that")
	}
	rest, ok := strings.CutPrefix(token, "pm_")
	if !ok || rest == "" || len(token) > longestToken || strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return problem.InvalidFields(problem.Field{Name: "token", Problem: "the card processor's token, which begins with pm_"})
	}
	return nil
}
