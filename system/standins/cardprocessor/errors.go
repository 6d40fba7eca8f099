package cardprocessor

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// answer is what a client gets.
type answer struct {
	status int
	body   json.RawMessage
	// retry is the header Stripe-Should-Retry: the same request may be repeated.
	retry bool
	// original is the id of the request that this answer was first given to, when it is given again.
	original string
}

// refusal is an error in Stripe's terms.
type refusal struct {
	status int
	retry  bool
	Type   string `json:"type"`
	Code   string `json:"code,omitempty"`
	Reason string `json:"decline_code,omitempty"`
	Param  string `json:"param,omitempty"`
	// Message is a sentence for the shop's developer.
	Message string        `json:"message"`
	Charge  string        `json:"charge,omitempty"`
	Intent  *intentObject `json:"payment_intent,omitempty"`
}

const (
	typeRequest     = "invalid_request_error"
	typeCard        = "card_error"
	typeIdempotency = "idempotency_error"
	typeAPI         = "api_error"
)

func badRequest(code, param, format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, Type: typeRequest, Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
}

// noSuch refuses an id: 404 when it is in the path, 400 when a parameter has it.
func noSuch(kind, id, param string) *refusal {
	r := badRequest("resource_missing", param, "There is no %s %s.", kind, quote(id))
	if param == "" {
		r.status = http.StatusNotFound
	}
	return r
}

// wrongState refuses what an intent's state does not allow, and shows the intent.
func wrongState(i Intent, verb string) *refusal {
	shown := i.object(false)
	r := badRequest("payment_intent_unexpected_state", "", "This payment intent cannot be %s while its status is %s.", verb, i.State)
	r.Intent = &shown
	return r
}

func (i Intent) declined() *refusal {
	shown := i.object(false)
	return &refusal{
		status: http.StatusPaymentRequired, Type: typeCard, Code: i.Decline.Code, Reason: i.Decline.Reason,
		Message: i.Decline.Message, Charge: i.Charge, Intent: &shown,
	}
}

// lockTimeout turns a request away before it did anything; the same one works a moment later.
func lockTimeout(status int) *refusal {
	r := badRequest("lock_timeout", "", "Another request holds this object. Nothing was done; repeat the request.")
	r.status, r.retry = status, true
	if status >= http.StatusInternalServerError {
		r.Type = typeAPI
	}
	return r
}

func keyInUse() *refusal {
	return &refusal{
		status: http.StatusConflict, Type: typeIdempotency, Code: "idempotency_key_in_use",
		Message: "A request under this Idempotency-Key is still being worked on. Repeat it later.",
	}
}

func keyReused() *refusal {
	return &refusal{
		status: http.StatusBadRequest, Type: typeIdempotency,
		Message: "This Idempotency-Key was first used for another request. Send the same request under it, or use a new key.",
	}
}

func brokenBooks() *refusal {
	return &refusal{status: http.StatusInternalServerError, Type: typeAPI, Message: "The ledger cannot be read or written."}
}

func (r *refusal) answer() answer {
	return answer{status: r.status, retry: r.retry, body: encode(map[string]any{"error": r})}
}

func ok(object any) answer { return answer{status: http.StatusOK, body: encode(object)} }

// encode makes JSON of our own types, which always can be.
func encode(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return text
}
