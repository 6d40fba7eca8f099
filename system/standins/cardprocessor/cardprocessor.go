// Package cardprocessor stands in for the company that charges cards. It speaks the part of Stripe's API that a shop uses,
// well enough for Stripe's own clients, and keeps an honest ledger.
//
//	POST /v1/payment_intents               amount, currency, payment_method, description, metadata[…]; confirm=false
//	POST /v1/payment_intents/{id}/confirm  payment_method
//	POST /v1/payment_intents/{id}/cancel   cancellation_reason
//	GET  /v1/payment_intents/{id}          expand[]=latest_charge, as with every intent that is answered; expand[]=latest_charge.refunds
//	GET  /v1/payment_intents               created[gte], created[lt], limit, starting_after, expand[]; the newest first
//	POST /v1/refunds                       payment_intent, amount, reason, metadata[…]; what becomes of it depends on the test card
//	GET  /v1/refunds/{id}
//	GET  /books                            every intent and refund, and how many webhooks wait
//
//	request ─▶ key ─▶ decide (rules) ─▶ one journal line: intent, refund, event, answer ─▶ answered
//	                                                                          └─▶ webhook, until it is taken
//
// A request under an Idempotency-Key gets the same answer again, across restarts. Nothing is saved under a key when the
// request was refused before it did anything: bad parameters, an unknown id, a lock.
package cardprocessor

import "time"

// State is where an intent stands, in Stripe's words.
type State string

// The states. There is no step that asks the customer to act.
const (
	NeedsCard    State = "requires_payment_method"
	NeedsConfirm State = "requires_confirmation"
	Processing   State = "processing"
	Succeeded    State = "succeeded"
	Canceled     State = "canceled"
)

// Intent is one payment, as the ledger has it. Money is in minor units of its currency.
type Intent struct {
	ID          string            `json:"id"`
	Amount      int64             `json:"amount"`
	Currency    string            `json:"currency"`
	State       State             `json:"state"`
	Card        string            `json:"card,omitempty"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	// Charge is the id of the latest attempt on the card, Decline why that one failed.
	Charge  string   `json:"charge,omitempty"`
	Decline *Decline `json:"decline,omitempty"`
	// Captured is what was taken from the card, Refunded what of it was given back, RefundPending what is on its way back.
	Captured      int64     `json:"captured"`
	Refunded      int64     `json:"refunded"`
	RefundPending int64     `json:"refund_pending,omitempty"`
	CreatedAt     time.Time `json:"created_at"`
	CanceledAt    time.Time `json:"canceled_at,omitzero"`
	CancelReason  string    `json:"cancel_reason,omitempty"`
	// Locked is true once a confirmation was turned away by the test card that needs a retry.
	Locked bool `json:"locked,omitempty"`
	// Waiting is the request that is being processed, to be answered when that is done, even after a restart.
	Waiting *waiting `json:"waiting,omitempty"`
}

// OrderID is the shop's own reference, which the ledger shows.
func (i Intent) OrderID() string { return i.Metadata["order_id"] }

// RefundStatus is where a refund stands, in Stripe's words.
type RefundStatus string

// The statuses of a refund that there are here. One that has succeeded may still fail: the customer's bank returns the money.
const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailed    RefundStatus = "failed"
)

// Refund is money given back, on its way back, or that could not be given back.
type Refund struct {
	ID        string            `json:"id"`
	Intent    string            `json:"intent"`
	Charge    string            `json:"charge"`
	Amount    int64             `json:"amount"`
	Currency  string            `json:"currency"`
	Reason    string            `json:"reason,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
	Status    RefundStatus      `json:"status"`
	// SucceededAt is when the status became succeeded; it stays when the refund fails after that.
	SucceededAt time.Time `json:"succeeded_at,omitzero"`
	// Later is the status that it takes on at DueAt; empty when the status is final.
	Later RefundStatus `json:"later,omitempty"`
	DueAt time.Time    `json:"due_at,omitzero"`
	// Trace is the trace context of the request that it comes from, for the event that tells of the later status.
	Trace string `json:"trace,omitempty"`
}

// Decline is why a bank refused a charge.
type Decline struct {
	Charge string `json:"charge"`
	Card   string `json:"card"`
	// Code and Reason are Stripe's code and decline_code.
	Code    string `json:"code"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message"`
}
