package cardprocessor

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stripe/stripe-go/v82"
)

func TestStripesClientListsWhatItCreated(t *testing.T) {
	p := start(t)
	c := stripeClient(p, shopKey, 0)
	var created []string
	for range 5 {
		created = append(created, createWithStripe(t, c, "pm_card_visa").ID)
	}
	slices.Reverse(created)
	if _, err := c.V1PaymentIntents.Confirm(t.Context(), created[0], &stripe.PaymentIntentConfirmParams{}); err != nil {
		t.Fatalf("confirm: %v", err)
	}
	if _, err := c.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &created[0], Amount: stripe.Int64(500)}); err != nil {
		t.Fatalf("refund: %v", err)
	}
	list := func(more func(*stripe.PaymentIntentListParams)) (ids []string, first *stripe.PaymentIntent) {
		params := &stripe.PaymentIntentListParams{}
		params.Limit = stripe.Int64(2)
		params.AddExpand("data.latest_charge")
		more(params)
		for i, err := range c.V1PaymentIntents.List(t.Context(), params) { // page after page
			if err != nil {
				t.Fatalf("list: %v", err)
			}
			if first == nil {
				first = i
			}
			ids = append(ids, i.ID)
		}
		return ids, first
	}
	ids, first := list(func(*stripe.PaymentIntentListParams) {})
	if !slices.Equal(ids, created) {
		t.Errorf("listed %v, want the newest first: %v", ids, created)
	}
	if first.AmountReceived != 2500 || first.LatestCharge.AmountRefunded != 500 || first.Metadata["order_id"] != "o-1" {
		t.Errorf("listed %+v: want 2500 received, 500 refunded, order o-1", first)
	}
	within := func(from, to int64) func(*stripe.PaymentIntentListParams) {
		return func(p *stripe.PaymentIntentListParams) {
			p.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: from, LesserThan: to}
		}
	}
	if ids, _ := list(within(first.Created-60, first.Created+60)); len(ids) != len(created) {
		t.Errorf("listed %d intents of this minute, want %d", len(ids), len(created))
	}
	if ids, _ := list(within(first.Created-60, first.Created-30)); len(ids) != 0 {
		t.Errorf("listed %v, want none of the time before", ids)
	}
}

func TestListsThatMakeNoSenseAreRefused(t *testing.T) {
	p := start(t)
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "created[gte]=yesterday", "starting_after=pi_nothing", "color=red"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/v1/payment_intents?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+shopKey)
		if response, body := p.do(t, r); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d %s, want 400", query, response.StatusCode, body)
		}
	}
}
