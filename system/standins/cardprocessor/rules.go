package cardprocessor

import (
	"crypto/rand"
	"time"
)

// The events that a shop is told of.
const (
	intentSucceeded = "payment_intent.succeeded"
	intentFailed    = "payment_intent.payment_failed"
	intentCanceled  = "payment_intent.canceled"
	chargeRefunded  = "charge.refunded"
	refundUpdated   = "refund.updated"
	refundFailed    = "refund.failed"
)

// outcome is what one request comes to. It changes the ledger as a whole or not at all.
type outcome struct {
	answer answer
	intent *Intent
	refund *Refund
	// event is the type of the event to send, if any.
	event string
	// slow: the intent is processing; the answer comes when it is settled.
	slow bool
	// unsaved: nothing was done, so the key stays free for the same request.
	unsaved bool
}

// refuse is an outcome that changes nothing and may be asked for again.
func refuse(r *refusal) outcome { return outcome{answer: r.answer(), unsaved: true} }

// create makes an intent.
func create(p params, now time.Time) outcome {
	i := Intent{ID: newID("pi"), CreatedAt: now, State: NeedsCard, Description: p.text("description"), Metadata: p.metadata()}
	var r *refusal
	if i.Amount, r = p.amount(true); r != nil {
		return refuse(r)
	}
	if i.Currency, r = p.currency(); r != nil {
		return refuse(r)
	}
	if p.text("confirm") == "true" {
		return refuse(badRequest("parameter_invalid", "confirm", "Create the intent first, then confirm it by its id."))
	}
	if token := p.text("payment_method"); token != "" {
		if _, known := cardOf(token); !known {
			return refuse(noSuch("payment method", token, "payment_method"))
		}
		i.Card, i.State = token, NeedsConfirm
	}
	return outcome{intent: &i, answer: ok(i.object(p.expandsCharge()))}
}

// confirm charges the card.
func confirm(i Intent, p params) outcome {
	if token := p.text("payment_method"); token != "" {
		i.Card = token
	}
	if i.State != NeedsConfirm && i.State != NeedsCard {
		return outcome{answer: wrongState(i, "confirmed").answer()}
	}
	if i.Card == "" {
		return outcome{answer: badRequest("payment_intent_unexpected_state", "payment_method", "This payment intent has no payment method to confirm.").answer()}
	}
	c, known := cardOf(i.Card)
	switch {
	case !known:
		return refuse(noSuch("payment method", i.Card, "payment_method"))
	case c.lockedOnce != 0 && !i.Locked:
		i.Locked = true
		return outcome{intent: &i, answer: lockTimeout(c.lockedOnce).answer(), unsaved: true}
	}
	i.Charge, i.Decline = newID("ch"), nil
	switch {
	case c.decline != nil:
		return decline(i, *c.decline)
	case c.slow:
		i.State = Processing
		return outcome{intent: &i, slow: true}
	}
	return capture(i, p.expandsCharge())
}

func decline(i Intent, why Decline) outcome {
	why.Charge, why.Card = i.Charge, i.Card
	i.State, i.Card, i.Decline = NeedsCard, "", &why
	return outcome{intent: &i, event: intentFailed, answer: i.declined().answer()}
}

// capture takes the money.
func capture(i Intent, withCharge bool) outcome {
	i.State, i.Captured, i.Waiting = Succeeded, i.Amount, nil
	return outcome{intent: &i, event: intentSucceeded, answer: ok(i.object(withCharge))}
}

// cancel makes sure that nothing will ever be charged.
func cancel(i Intent, p params, now time.Time) outcome {
	if i.State != NeedsConfirm && i.State != NeedsCard {
		return outcome{answer: wrongState(i, "canceled").answer()}
	}
	reason := p.text("cancellation_reason")
	switch reason {
	case "", "duplicate", "fraudulent", "requested_by_customer", "abandoned":
	default:
		return refuse(badRequest("parameter_invalid", "cancellation_reason", "It is one of duplicate, fraudulent, requested_by_customer, abandoned."))
	}
	i.State, i.CanceledAt, i.CancelReason = Canceled, now, reason
	return outcome{intent: &i, event: intentCanceled, answer: ok(i.object(p.expandsCharge()))}
}

// giveBack refunds a charge, or a part of it, by the plan for the charge's next refund. A status that comes later is due
// after a time.
func giveBack(i Intent, p params, plan refundPlan, now time.Time, after time.Duration) outcome {
	left := i.Captured - i.Refunded - i.RefundPending
	amount, r := p.amount(false)
	switch {
	case r != nil:
		return refuse(r)
	case i.Captured == 0:
		return outcome{answer: wrongState(i, "refunded").answer()}
	case left == 0:
		return outcome{answer: badRequest("charge_already_refunded", "", "The charge %s was refunded already.", quote(i.Charge)).answer()}
	case amount > left:
		return outcome{answer: badRequest("amount_too_large", "amount", "Of this charge %d can still be refunded, not %d.", left, amount).answer()}
	case amount == 0:
		amount = left
	}
	refund := Refund{
		ID: newID("re"), Intent: i.ID, Charge: i.Charge, Amount: amount, Currency: i.Currency,
		Reason: p.text("reason"), Metadata: p.metadata(), CreatedAt: now,
	}
	refund, i = refund.became(plan.answer, i, now)
	if refund.Later = plan.later; refund.Later != "" {
		refund.DueAt = now.Add(after)
	}
	event := chargeRefunded
	if refund.Status == RefundFailed {
		event = refundFailed
	}
	return outcome{intent: &i, refund: &refund, event: event, answer: ok(refund.object())}
}

// became gives a refund and its intent after the refund has taken on a status.
func (r Refund) became(status RefundStatus, i Intent, now time.Time) (Refund, Intent) {
	switch r.Status {
	case RefundPending:
		i.RefundPending -= r.Amount
	case RefundSucceeded:
		i.Refunded -= r.Amount
	}
	r.Status, r.Later, r.DueAt = status, "", time.Time{}
	switch status {
	case RefundPending:
		i.RefundPending += r.Amount
	case RefundSucceeded:
		i.Refunded, r.SucceededAt = i.Refunded+r.Amount, now
	}
	return r, i
}

// settled is the outcome of a refund's later status.
func (r Refund) settled(i Intent, now time.Time) outcome {
	event := refundUpdated
	if r.Later == RefundFailed {
		event = refundFailed
	}
	r, i = r.became(r.Later, i, now)
	return outcome{intent: &i, refund: &r, event: event, unsaved: true}
}

func newID(kind string) string { return kind + "_" + rand.Text()[:24] }
