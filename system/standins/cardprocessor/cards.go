package cardprocessor

import (
	"net/http"
	"strings"
)

// card is one of the test tokens that stand for cards.
type card struct {
	token string
	// decline is what the bank says, nil for yes.
	decline *Decline
	// slow: a confirmation takes a while, see Options.
	slow bool
	// lockedOnce: the first confirmation of an intent is turned away with lock_timeout and this status, the next one works.
	lockedOnce int
	// refunds is what becomes of the first refund of a charge, of the second, and so on; the last entry holds for all that
	// follow. Empty: every refund succeeds at once.
	refunds []refundPlan
}

// refundPlan is what becomes of one refund: the status that the request is answered with, and the status that the refund
// takes on later, announced by a webhook; empty when the answer is final.
type refundPlan struct{ answer, later RefundStatus }

// refundPlan gives the plan of a charge's nth refund, counted from 0.
func (c card) refundPlan(n int) refundPlan {
	if len(c.refunds) == 0 {
		return refundPlan{answer: RefundSucceeded}
	}
	return c.refunds[min(n, len(c.refunds)-1)]
}

func declined(reason, message string) *Decline {
	return &Decline{Code: "card_declined", Reason: reason, Message: message}
}

// cards are all payment methods there are: some of Stripe's own test tokens (https://docs.stripe.com/testing#refunds for those
// of refunds), and some of ours.
var cards = []card{
	{token: "pm_card_visa"},
	{token: "pm_card_mastercard"},
	{token: "pm_card_amex"},
	{token: "pm_card_visa_chargeDeclined", decline: declined("generic_decline", "The bank declined the card.")},
	{token: "pm_card_chargeDeclined", decline: declined("generic_decline", "The bank declined the card.")},
	{token: "pm_card_visa_chargeDeclinedInsufficientFunds", decline: declined("insufficient_funds", "There is not enough money on the card.")},
	{token: "pm_card_chargeDeclinedInsufficientFunds", decline: declined("insufficient_funds", "There is not enough money on the card.")},
	{token: "pm_card_chargeDeclinedExpiredCard", decline: &Decline{Code: "expired_card", Message: "The card has expired."}},
	{token: "pm_card_slow", slow: true},
	{token: "pm_card_needsRetry", lockedOnce: http.StatusInternalServerError},
	{token: "pm_card_lockTimeout", lockedOnce: http.StatusTooManyRequests}, // as Stripe does it, so its clients retry by themselves
	{token: "pm_card_pendingRefund", refunds: []refundPlan{{RefundPending, RefundSucceeded}}},
	{token: "pm_card_refundFail", refunds: []refundPlan{{RefundSucceeded, RefundFailed}}},
	{token: "pm_card_refundRefused", refunds: []refundPlan{{answer: RefundFailed}}},
	{token: "pm_card_refundRefusedOnce", refunds: []refundPlan{{answer: RefundFailed}, {answer: RefundSucceeded}}},
	{token: "pm_card_refundFailOnce", refunds: []refundPlan{{RefundSucceeded, RefundFailed}, {answer: RefundSucceeded}}},
	{token: "pm_card_pendingRefundFailOnce", refunds: []refundPlan{{RefundPending, RefundFailed}, {answer: RefundSucceeded}}},
}

func cardOf(token string) (card, bool) {
	for _, c := range cards {
		if c.token == token {
			return c, true
		}
	}
	return card{}, false
}

// isCardNumber says whether a text looks like a real card's number: 12 to 19 digits, with or without spaces or dashes, and
// Luhn's check digit (ISO/IEC 7812-1).
func isCardNumber(text string) bool {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if len(digits) < 12 || len(digits) > 19 {
		return false
	}
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

// quote shows a client's own word in an answer: cut short, and not at all when it holds what could be a card's number.
func quote(text string) string {
	run := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			run++
		case r != ' ' && r != '-':
			run = 0
		}
		if run >= 12 {
			return "(not repeated here)"
		}
	}
	if len(text) > 64 {
		return "'" + strings.ToValidUTF8(text[:64], "") + "…'"
	}
	return "'" + text + "'"
}
