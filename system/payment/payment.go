// Package payment charges and refunds, exactly once per order, and is the only service that ever sees a card's token.
//
//	            both the order and its stock are known      the processor says so
//	waiting ──────────────────────────────────────▶ due ──────────────────────▶ completed
//	   │                                             │  └── declined ──▶ failed      │
//	   │ cancelled                         cancelled │                              │ cancelled
//	   ▼                                             ▼        it had been charged   ▼
//	cancelled ◀──── not charged ──────────────── cancelling ──────────────────▶ refunding ──▶ refunded
//	                                                                       │  ▲ pending          │
//	                                      too many failed, or for good      ▼  │ or failed        │ failed after all
//	                                          refund_failed ◀──────── refund_pending ◀───────────┘
//
// The status of the refund decides, not that the request for it was answered: a customer is notified once the refund has
// succeeded. A refund that failed is made again, as a new refund under a new key, a few times; then an operator settles it
// (alerts/runbooks/RefundFailed.md).
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
	// RefundPending: the processor has not completed the refund yet, or one has failed and the next is due later.
	RefundPending State = "refund_pending"
	// RefundFailed: no refund came through, and an operator must act.
	RefundFailed State = "refund_failed"
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
	// RefundsFailed counts the refunds that failed; so it also numbers the one that is under way or comes next, from 0.
	RefundsFailed int64
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

// refundFailed takes in that the refund under way has failed. It says how long to wait before the next one.
func (p *Payment) refundFailed(reason string, policy RefundPolicy, now time.Time) (wait time.Duration) {
	p.RefundsFailed++
	p.State, p.Reason, p.Since = RefundPending, reason, now
	if p.RefundsFailed >= policy.Refunds || permanent[reason] {
		p.State = RefundFailed
		return 0
	}
	return policy.Again
}

// RefundPolicy says what is done about refunds that do not succeed at once.
type RefundPolicy struct {
	// Refunds is how many are made for one payment before an operator must act; Again is how long to wait before the next.
	Refunds int64
	Again   time.Duration
}

// permanent are the reasons for a failure that a new refund to the same card would meet again
// (https://docs.stripe.com/api/refunds/object, failure_reason).
var permanent = map[string]bool{
	"lost_or_stolen_card": true, "expired_or_canceled_card": true, "charge_for_pending_refund_disputed": true, "charge_disputed": true,
	"merchant_request": true,
}

// outOfBand is the reason of a refund that an operator made without the card processor, which keeps the charge.
const outOfBand = "out_of_band"

// The wait between two looks at a refund that is pending: as long as it has been pending already, within these limits. A
// webhook ends the wait; the looks are for one that is lost.
const (
	shortestLook = time.Second
	longestLook  = time.Hour
)

func nextLook(pending time.Duration) time.Duration {
	return min(max(pending, shortestLook), longestLook)
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
