package cardprocessor

import (
	"encoding/json"
	"time"
)

// apiVersion is the version of Stripe's API that the objects follow.
const apiVersion = "2025-08-27.basil"

// The objects are what clients and webhooks see, in Stripe's names. Times are seconds since 1970.
type (
	intentObject struct {
		ID             string            `json:"id"`
		Object         string            `json:"object"`
		Amount         int64             `json:"amount"`
		AmountReceived int64             `json:"amount_received"`
		CanceledAt     *int64            `json:"canceled_at"`
		CancelReason   *string           `json:"cancellation_reason"`
		CaptureMethod  string            `json:"capture_method"`
		ClientSecret   string            `json:"client_secret"`
		ConfirmMethod  string            `json:"confirmation_method"`
		Created        int64             `json:"created"`
		Currency       string            `json:"currency"`
		Description    *string           `json:"description"`
		LastError      *lastErrorObject  `json:"last_payment_error"`
		LatestCharge   any               `json:"latest_charge"` // an id, or the charge when it was asked for
		Livemode       bool              `json:"livemode"`
		Metadata       map[string]string `json:"metadata"`
		PaymentMethod  *string           `json:"payment_method"`
		MethodTypes    []string          `json:"payment_method_types"`
		Status         State             `json:"status"`
	}
	lastErrorObject struct {
		Type          string            `json:"type"`
		Code          string            `json:"code"`
		DeclineCode   string            `json:"decline_code,omitempty"`
		Message       string            `json:"message"`
		Charge        string            `json:"charge"`
		PaymentMethod map[string]string `json:"payment_method"`
	}
	chargeObject struct {
		ID             string            `json:"id"`
		Object         string            `json:"object"`
		Amount         int64             `json:"amount"`
		AmountCaptured int64             `json:"amount_captured"`
		AmountRefunded int64             `json:"amount_refunded"`
		Captured       bool              `json:"captured"`
		Created        int64             `json:"created"`
		Currency       string            `json:"currency"`
		FailureCode    *string           `json:"failure_code"`
		Livemode       bool              `json:"livemode"`
		Metadata       map[string]string `json:"metadata"`
		Paid           bool              `json:"paid"`
		PaymentIntent  string            `json:"payment_intent"`
		Refunded       bool              `json:"refunded"`
		Refunds        *refundList       `json:"refunds,omitempty"` // only when it was asked for
		Status         string            `json:"status"`
	}
	refundList struct {
		Object string         `json:"object"`
		URL    string         `json:"url"`
		More   bool           `json:"has_more"`
		Data   []refundObject `json:"data"`
	}
	refundObject struct {
		ID            string            `json:"id"`
		Object        string            `json:"object"`
		Amount        int64             `json:"amount"`
		Charge        string            `json:"charge"`
		Created       int64             `json:"created"`
		Currency      string            `json:"currency"`
		Metadata      map[string]string `json:"metadata"`
		PaymentIntent string            `json:"payment_intent"`
		Reason        *string           `json:"reason"`
		FailureReason *string           `json:"failure_reason,omitempty"`
		PendingReason *string           `json:"pending_reason,omitempty"`
		Status        RefundStatus      `json:"status"`
	}
	eventObject struct {
		ID              string         `json:"id"`
		Object          string         `json:"object"`
		APIVersion      string         `json:"api_version"`
		Created         int64          `json:"created"`
		Data            map[string]any `json:"data"`
		Livemode        bool           `json:"livemode"`
		PendingWebhooks int            `json:"pending_webhooks"`
		Type            string         `json:"type"`
	}
)

func (i Intent) object(withCharge bool) intentObject {
	o := intentObject{
		ID: i.ID, Object: "payment_intent", Amount: i.Amount, AmountReceived: i.Captured, CancelReason: orNull(i.CancelReason),
		CaptureMethod: "automatic", ClientSecret: i.ID + "_secret_test", ConfirmMethod: "automatic", Created: i.CreatedAt.Unix(),
		Currency: i.Currency, Description: orNull(i.Description), Metadata: orEmpty(i.Metadata), PaymentMethod: orNull(i.Card),
		MethodTypes: []string{"card"}, Status: i.State,
	}
	if i.Charge != "" {
		o.LatestCharge = i.Charge
		if withCharge {
			o.LatestCharge = i.charge()
		}
	}
	if !i.CanceledAt.IsZero() {
		at := i.CanceledAt.Unix()
		o.CanceledAt = &at
	}
	if d := i.Decline; d != nil {
		o.LastError = &lastErrorObject{
			Type: typeCard, Code: d.Code, DeclineCode: d.Reason, Message: d.Message, Charge: d.Charge,
			PaymentMethod: map[string]string{"id": d.Card, "object": "payment_method", "type": "card"},
		}
	}
	return o
}

func (i Intent) charge() chargeObject {
	o := chargeObject{
		ID: i.Charge, Object: "charge", Amount: i.Amount, AmountCaptured: i.Captured, AmountRefunded: i.Refunded + i.RefundPending,
		Captured: i.Captured > 0, Created: i.CreatedAt.Unix(), Currency: i.Currency, Metadata: orEmpty(i.Metadata),
		Paid: i.Captured > 0, PaymentIntent: i.ID, Refunded: i.Captured > 0 && i.Refunded+i.RefundPending == i.Captured, Status: "succeeded",
	}
	if i.Captured == 0 {
		o.Status = "pending"
		if i.Decline != nil {
			o.Status, o.FailureCode = "failed", &i.Decline.Code
		}
	}
	return o
}

func (r Refund) object() refundObject {
	o := refundObject{
		ID: r.ID, Object: "refund", Amount: r.Amount, Charge: r.Charge, Created: r.CreatedAt.Unix(), Currency: r.Currency,
		Metadata: orEmpty(r.Metadata), PaymentIntent: r.Intent, Reason: orNull(r.Reason), Status: r.Status,
	}
	switch r.Status {
	case RefundFailed:
		o.FailureReason = orNull("unknown") // the bank gives no reason
	case RefundPending:
		o.PendingReason = orNull("processing")
	}
	return o
}

// newEvent makes the notice of what happened to an intent or a refund. Its object is what was true then, not what is true at
// delivery.
func newEvent(kind string, o outcome, trace string, now time.Time) *Event {
	var object any = o.intent.object(false)
	switch kind {
	case chargeRefunded:
		object = o.intent.charge()
	case refundUpdated, refundFailed:
		object = o.refund.object()
	}
	return &Event{ID: newID("evt"), Type: kind, Trace: trace, CreatedAt: now, Object: encode(object)}
}

// payload is the body of a webhook.
func (e Event) payload() json.RawMessage {
	return encode(eventObject{
		ID: e.ID, Object: "event", APIVersion: apiVersion, Created: e.CreatedAt.Unix(), Data: map[string]any{"object": e.Object},
		PendingWebhooks: 1, Type: e.Type,
	})
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
