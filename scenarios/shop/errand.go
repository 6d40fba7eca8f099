package shop

// How an order is expected to end.
const (
	shipped   = "shipped"
	cancelled = "cancelled"
)

// Why an order was cancelled.
const (
	outOfStock      = "out_of_stock" // it could not be had any more
	paymentDeclined = "payment_declined"
	byCustomer      = "customer"
)

// The tokens of the card processor that customers pay with.
const (
	goodCard = "pm_card_visa"
	badCard  = "pm_card_chargeDeclined"
	slowCard = "pm_card_slow" // its bank takes 1.5 s
)

// errand is a way of buying.
type errand struct {
	card, country string
	regrets       bool   // cancels as soon as the order is accepted, which may come too late
	ends          string // how the order must end; empty when that depends on who is faster
}

// trespasses says what the nth visitor tries with another customer's order, or "" for most of them.
func trespasses(visit int) string {
	switch visit % everyone {
	case 3, 13:
		return "events"
	case 8, 18:
		return "cancel"
	}
	return ""
}

// What a visitor does after an order was accepted.
const (
	ordersAgain = "orders the same cart again" // under another key, as a second browser tab does
	addsMore    = "adds to the cart"
)

// afterwards says what the nth visitor does after an order, or "" for most of them.
func afterwards(visit int) string {
	switch visit % everyone {
	case 5, 15:
		return ordersAgain
	case 1, 6, 11, 16:
		return addsMore
	}
	return ""
}

// declinedName is the name of the shopper all of whose cards are declined.
const declinedName = "cards-declined"

// declined is the errand of somebody whose card is declined.
func declined(int) errand { return errand{card: badCard, country: "DE", ends: cancelled} }

// refundsFailName is the name of the shopper whose orders are all cancelled after the charge, and whose refunds make trouble.
const refundsFailName = "refunds-fail"

// refundCards are the tokens of cards whose first refund is pending, or fails: at once, after it was pending, or after it
// succeeded. The one after that succeeds.
func refundCards() []string {
	return []string{"pm_card_pendingRefund", "pm_card_refundRefusedOnce", "pm_card_pendingRefundFailOnce", "pm_card_refundFailOnce"}
}

// refundsFail is the errand of somebody who lives where nobody delivers to, and pays with such a card.
func refundsFail(visit int) errand {
	cards := refundCards()
	return errand{card: cards[visit%len(cards)], country: "AQ", ends: cancelled}
}

// everyone is how many visits in a row hold every errand.
const everyone = 20

// errandOf gives the errand of the nth visit. Most people just buy. A few make the shop undo what it has done, so that
// every run holds orders whose money and goods must go back; and at ten visits a second there is always a charge under
// way at somebody's slow bank, so that no fault strikes while nothing is at stake. Their places are fixed, so that no
// seed leaves one out.
func errandOf(visit int) errand {
	switch visit % everyone {
	case 2:
		return errand{card: goodCard, country: "AQ", ends: cancelled} // nobody delivers to Antarctica: charged, then refunded
	case 7:
		return declined(visit)
	case 12:
		return errand{card: goodCard, country: "DE", regrets: true}
	case 4, 14:
		return errand{card: slowCard, country: "DE", ends: shipped}
	}
	return errand{card: goodCard, country: "DE", ends: shipped}
}
