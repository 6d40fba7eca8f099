package payment

import (
	"context"
	"slices"
	"time"

	"stormglass/system/platform/money"
)

// Books are what the processor says it did, whatever it told us at the time.
type Books interface {
	// List gives charges that were created from one second until before another, the newest first: the page that
	// comes after a charge ("" for the first page). More says that another page follows.
	List(ctx context.Context, from, to time.Time, after IntentID) (page []Booked, more bool, err error)
	// Look gives one charge; false when the processor does not know it.
	Look(ctx context.Context, id IntentID) (Booked, bool, error)
}

// Booked is a charge in the processor's books.
type Booked struct {
	ID    IntentID
	Order OrderID
	// Received is what was taken from the card.
	Received money.Money
	// Refunds are those that were asked for, whatever became of them.
	Refunds []Refund
}

// Kept is what was taken from the card, less what was given back: a refund that is pending, or has failed, gave nothing back.
func (b Booked) Kept() money.Money {
	return money.Of(b.Received.Minor-b.refunded(RefundCompleted), b.Received.Currency)
}

func (b Booked) refunded(statuses ...RefundStatus) (sum int64) {
	for _, r := range b.Refunds {
		if slices.Contains(statuses, r.Status) {
			sum += r.Amount
		}
	}
	return sum
}

// refund gives the refund of a number; in its place one that has succeeded or is pending, where all refunds together give
// everything back.
func (b Booked) refund(number int64) (Refund, bool) {
	switch {
	case b.Kept().Minor == 0:
		return Refund{Number: number, Amount: b.Received.Minor, Status: RefundCompleted}, true
	case b.refunded(RefundCompleted, RefundProcessing, RefundNeedsAction) == b.Received.Minor:
		return Refund{Number: number, Amount: b.Received.Minor, Status: RefundProcessing}, true
	}
	return b.numbered(number)
}

func (b Booked) numbered(number int64) (Refund, bool) {
	i := slices.IndexFunc(b.Refunds, func(r Refund) bool { return r.Number == number })
	if i < 0 {
		return Refund{}, false
	}
	return b.Refunds[i], true
}

// Kind is how two books can disagree about a charge.
type Kind string

// The kinds. In all of them somebody has paid too much, too little, or for nothing.
const (
	// Unknown: the processor took money for a charge that we know nothing of.
	Unknown Kind = "unknown"
	// Missing: we say that it was paid, and the processor knows no such charge.
	Missing Kind = "missing"
	// WrongAmount: both say that it was paid, but not the same sum.
	WrongAmount Kind = "amount"
	// Kept: the processor holds money that we say was never taken, or was given back.
	Kept Kind = "kept"
	// NotTaken: we say that it was paid, and the processor took nothing, or gave it back.
	NotTaken Kind = "not_taken"
)

func kinds() []Kind { return []Kind{Unknown, Missing, WrongAmount, Kept, NotTaken} }

// charge is one charge in both books; nil where a book does not have it.
type charge struct {
	id     IntentID
	ours   *Payment
	theirs *Booked
}

// order is the order that the charge is for, as far as anybody knows.
func (c charge) order() OrderID {
	if c.ours != nil {
		return c.ours.Order
	}
	if c.theirs != nil {
		return c.theirs.Order
	}
	return ""
}

// owed is what the processor should have kept.
func (p Payment) owed() money.Money {
	if p.State == Completed || p.State == Refunded && p.Reason == outOfBand {
		return p.Amount
	}
	return money.Of(0, p.Amount.Currency)
}

// failedRefund gives the refund that we say has given the money back, and that the processor says has failed.
func (c charge) failedRefund() (Refund, bool) {
	if c.ours == nil || c.ours.State != Refunded || c.ours.Reason == outOfBand || c.theirs == nil || c.theirs.Kept().Minor == 0 {
		return Refund{}, false
	}
	r, found := c.theirs.numbered(c.ours.RefundsFailed)
	return r, found && r.Status.failed()
}

// disagreement says how the two books differ, or "" when they do not. A payment that is not settled is not compared: it
// will be when it is.
func (c charge) disagreement() Kind {
	switch {
	case c.ours == nil && (c.theirs == nil || c.theirs.Kept().Minor == 0):
		return ""
	case c.ours == nil:
		return Unknown
	case !c.ours.State.Final():
		return ""
	}
	owed := c.ours.owed()
	switch {
	case c.theirs == nil && owed.Minor == 0, c.theirs != nil && c.theirs.Kept() == owed:
		return ""
	case c.theirs == nil:
		return Missing
	case c.theirs.Kept().Minor == 0 && owed.Minor == 0: // nothing has no currency
		return ""
	case owed.Minor == 0:
		return Kept
	case c.theirs.Kept().Minor == 0:
		return NotTaken
	}
	return WrongAmount
}
