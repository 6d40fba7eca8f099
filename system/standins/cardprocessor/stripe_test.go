package cardprocessor

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stripe/stripe-go/v82"

	"stormglass/internal/await"
)

// stripeClient is Stripe's own client, pointed at the processor. retries are those that it makes by itself.
func stripeClient(p *processor, key string, retries int64) *stripe.Client {
	return stripe.NewClient(key, stripe.WithBackends(&stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(p.URL), HTTPClient: p.Client(), MaxNetworkRetries: stripe.Int64(retries),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})}))
}

func createWithStripe(t *testing.T, c *stripe.Client, token string) *stripe.PaymentIntent {
	t.Helper()
	params := &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(2500), Currency: stripe.String("eur"), PaymentMethod: stripe.String(token), Confirm: stripe.Bool(false),
	}
	params.AddMetadata("order_id", "o-1")
	i, err := c.V1PaymentIntents.Create(t.Context(), params)
	if err != nil {
		t.Fatalf("create intent: %v", err)
	}
	return i
}

func TestStripesClientChargesAndRefunds(t *testing.T) {
	p := start(t)
	c := stripeClient(p, shopKey, 0)
	i := createWithStripe(t, c, "pm_card_visa")
	if i.Status != stripe.PaymentIntentStatusRequiresConfirmation || i.Metadata["order_id"] != "o-1" {
		t.Errorf("created: got status %s, metadata %v", i.Status, i.Metadata)
	}
	confirm := &stripe.PaymentIntentConfirmParams{}
	confirm.AddExpand("latest_charge")
	i, err := c.V1PaymentIntents.Confirm(t.Context(), i.ID, confirm)
	if err != nil {
		t.Fatalf("confirm: %v", err)
	}
	if i.Status != stripe.PaymentIntentStatusSucceeded || i.AmountReceived != 2500 || !i.LatestCharge.Paid || i.LatestCharge.AmountCaptured != 2500 {
		t.Errorf("confirmed: got status %s, received %d, charge %+v", i.Status, i.AmountReceived, i.LatestCharge)
	}
	first, err := c.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &i.ID, Amount: stripe.Int64(500)})
	if err != nil || first.Status != stripe.RefundStatusSucceeded || first.PaymentIntent.ID != i.ID {
		t.Fatalf("refund a part: got %+v, %v", first, err)
	}
	rest, err := c.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &i.ID})
	if err != nil || rest.Amount != 2000 {
		t.Fatalf("refund the rest: got %+v, %v, want 2000", rest, err)
	}
	if again, err := c.V1Refunds.Retrieve(t.Context(), rest.ID, nil); err != nil || again.Amount != 2000 {
		t.Errorf("read the refund: got %+v, %v", again, err)
	}
	_, err = c.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &i.ID})
	if refused := stripeError(t, err); refused.Code != stripe.ErrorCodeChargeAlreadyRefunded {
		t.Errorf("refund what is refunded: got %v", refused)
	}
	if b := p.booked(t); b.OrderID != "o-1" || b.State != Succeeded || b.Captured != 2500 || b.Refunded != 2500 {
		t.Errorf("got books %+v", b)
	}
}

func TestStripesClientUnderstandsADecline(t *testing.T) {
	for token, reason := range map[string]stripe.DeclineCode{
		"pm_card_visa_chargeDeclined":                  stripe.DeclineCodeGenericDecline,
		"pm_card_chargeDeclinedInsufficientFunds":      stripe.DeclineCodeInsufficientFunds,
		"pm_card_visa_chargeDeclinedInsufficientFunds": stripe.DeclineCodeInsufficientFunds,
	} {
		p := start(t)
		c := stripeClient(p, shopKey, 0)
		i := createWithStripe(t, c, token)
		_, err := c.V1PaymentIntents.Confirm(t.Context(), i.ID, nil)
		refused := stripeError(t, err)
		if refused.HTTPStatusCode != http.StatusPaymentRequired || refused.Type != stripe.ErrorTypeCard || refused.DeclineCode != reason {
			t.Errorf("%s: got %v, want a card error with reason %s", token, refused, reason)
		}
		if got := refused.PaymentIntent; got.Status != stripe.PaymentIntentStatusRequiresPaymentMethod || got.LastPaymentError.DeclineCode != reason {
			t.Errorf("%s: the error shows intent %+v", token, got)
		}
		i, err = c.V1PaymentIntents.Confirm(t.Context(), i.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa")})
		if err != nil || i.Status != stripe.PaymentIntentStatusSucceeded {
			t.Errorf("%s: another card: got %+v, %v", token, i, err)
		}
	}
}

func TestStripesClientRetriesWhatIsLocked(t *testing.T) {
	p := start(t)
	c := stripeClient(p, shopKey, 0)
	i := createWithStripe(t, c, "pm_card_needsRetry")
	params := &stripe.PaymentIntentConfirmParams{}
	params.SetIdempotencyKey("confirm-o-1")
	_, err := c.V1PaymentIntents.Confirm(t.Context(), i.ID, params)
	if refused := stripeError(t, err); refused.HTTPStatusCode != http.StatusInternalServerError || refused.Code != stripe.ErrorCodeLockTimeout {
		t.Errorf("first confirmation: got %v, want 500 lock_timeout", refused)
	}
	i, err = c.V1PaymentIntents.Confirm(t.Context(), i.ID, params)
	if err != nil || i.Status != stripe.PaymentIntentStatusSucceeded {
		t.Errorf("the same again, under the same key: got %+v, %v", i, err)
	}

	i = createWithStripe(t, c, "pm_card_lockTimeout")
	i, err = stripeClient(p, shopKey, 2).V1PaymentIntents.Confirm(t.Context(), i.ID, nil)
	if err != nil || i.Status != stripe.PaymentIntentStatusSucceeded {
		t.Errorf("with the client's own retries: got %+v, %v", i, err)
	}
}

func TestStripesClientWaitsForTheSlowCard(t *testing.T) {
	p := start(t)
	c := stripeClient(p, shopKey, 0)
	i := createWithStripe(t, c, "pm_card_slow")
	done := make(chan error, 1)
	go func() {
		confirmed, err := c.V1PaymentIntents.Confirm(t.Context(), i.ID, nil)
		if err == nil && confirmed.Status != stripe.PaymentIntentStatusSucceeded {
			err = errors.New("status " + string(confirmed.Status))
		}
		done <- err
	}()
	await.True(t, "the intent to be processing", func() bool {
		seen, err := c.V1PaymentIntents.Retrieve(t.Context(), i.ID, nil)
		return err == nil && seen.Status == stripe.PaymentIntentStatusProcessing
	})
	_, err := c.V1PaymentIntents.Cancel(t.Context(), i.ID, nil)
	if refused := stripeError(t, err); refused.Code != stripe.ErrorCodePaymentIntentUnexpectedState {
		t.Errorf("cancel while processing: got %v", refused)
	}
	if err := <-done; err != nil {
		t.Errorf("slow confirmation: %v", err)
	}
}

func TestStripesClientCancels(t *testing.T) {
	p := start(t)
	c := stripeClient(p, shopKey, 0)
	i := createWithStripe(t, c, "pm_card_visa")
	i, err := c.V1PaymentIntents.Cancel(t.Context(), i.ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")})
	if err != nil || i.Status != stripe.PaymentIntentStatusCanceled || i.CanceledAt == 0 {
		t.Fatalf("cancel: got %+v, %v", i, err)
	}
	_, err = c.V1PaymentIntents.Confirm(t.Context(), i.ID, nil)
	refused := stripeError(t, err)
	if refused.Code != stripe.ErrorCodePaymentIntentUnexpectedState || refused.PaymentIntent.Status != stripe.PaymentIntentStatusCanceled {
		t.Errorf("confirm what is cancelled: got %v with intent %+v", refused, refused.PaymentIntent)
	}
	if b := p.booked(t); b.Captured != 0 || b.State != Canceled {
		t.Errorf("got books %+v, want nothing captured", b)
	}
}

func TestStripesClientIsToldOfAWrongKey(t *testing.T) {
	p := start(t)
	_, err := stripeClient(p, "sk_test_other", 0).V1PaymentIntents.Retrieve(t.Context(), "pi_x", nil)
	if refused := stripeError(t, err); refused.HTTPStatusCode != http.StatusUnauthorized {
		t.Errorf("got %v, want 401", refused)
	}
}

func stripeError(t *testing.T, err error) *stripe.Error {
	t.Helper()
	refused, ok := errors.AsType[*stripe.Error](err)
	if !ok {
		t.Fatalf("got %v, want an error of Stripe's API", err)
	}
	return refused
}
