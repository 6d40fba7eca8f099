package cardprocessor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stripe/stripe-go/v82"

	"stormglass/internal/await"
)

// settling settles the processor's refunds until the test ends.
func settling(t *testing.T, l *Ledger) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.SettleRefunds(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// refundOf charges a card in full and gives the money back, by Stripe's own client.
func refundOf(t *testing.T, c *stripe.Client, token string) (intent string, r *stripe.Refund) {
	t.Helper()
	intent = createWithStripe(t, c, token).ID
	if _, err := c.V1PaymentIntents.Confirm(t.Context(), intent, &stripe.PaymentIntentConfirmParams{}); err != nil {
		t.Fatalf("confirm: %v", err)
	}
	return intent, refundAgain(t, c, intent)
}

func refundAgain(t *testing.T, c *stripe.Client, intent string) *stripe.Refund {
	t.Helper()
	r, err := c.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &intent})
	if err != nil {
		t.Fatalf("refund: %v", err)
	}
	return r
}

func TestTheTestCardDecidesWhatBecomesOfARefund(t *testing.T) {
	for token, c := range map[string]struct {
		answer, later stripe.RefundStatus
		event         string // the last one
		again         bool   // whether a second refund succeeds
	}{
		"pm_card_visa":                  {"succeeded", "succeeded", chargeRefunded, false},
		"pm_card_pendingRefund":         {"pending", "succeeded", refundUpdated, false},
		"pm_card_refundFail":            {"succeeded", "failed", refundFailed, false},
		"pm_card_refundRefused":         {"failed", "failed", refundFailed, false},
		"pm_card_refundRefusedOnce":     {"failed", "failed", refundFailed, true},
		"pm_card_refundFailOnce":        {"succeeded", "failed", refundFailed, true},
		"pm_card_pendingRefundFailOnce": {"pending", "failed", refundFailed, true},
	} {
		t.Run(token, func(t *testing.T) {
			s, p := newShop(t), start(t)
			deliver(t, p.ledger, s.URL)
			settling(t, p.ledger)
			client := stripeClient(p, shopKey, 0)
			intent, r := refundOf(t, client, token)
			if r.Status != c.answer {
				t.Errorf("answered %s, want %s", r.Status, c.answer)
			}
			read := func() *stripe.Refund {
				t.Helper()
				params := &stripe.PaymentIntentRetrieveParams{}
				params.AddExpand("latest_charge.refunds")
				i, err := client.V1PaymentIntents.Retrieve(t.Context(), intent, params)
				if err != nil || len(i.LatestCharge.Refunds.Data) == 0 {
					t.Fatalf("read the charge's refunds: %+v, %v", i, err)
				}
				return i.LatestCharge.Refunds.Data[0]
			}
			await.True(t, "the last status", func() bool { return read().Status == c.later })
			if failed := read().FailureReason != ""; failed != (c.later == "failed") {
				t.Errorf("the refund is %s and its reason for failure is %q", c.later, read().FailureReason)
			}
			await.True(t, "the event "+c.event, func() bool { return slices.Contains(s.types(), c.event) })
			back := map[bool]int64{true: 2500, false: 0}[c.later == "succeeded"]
			if got := p.booked(t).Refunded; got != back {
				t.Errorf("the ledger says that %d was given back, want %d", got, back)
			}
			if c.later == "failed" {
				again := refundAgain(t, client, intent)
				if (again.Status == "succeeded" && token != "pm_card_refundFail") != c.again {
					t.Errorf("the second refund: answered %s, want success: %v", again.Status, c.again)
				}
			}
		})
	}
}

// A pending refund takes its part of the charge, so that the same money is not given back twice.
func TestAPendingRefundLeavesNothingToRefund(t *testing.T) {
	p := start(t)
	c := stripeClient(p, shopKey, 0)
	intent, _ := refundOf(t, c, "pm_card_pendingRefund")
	_, err := c.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &intent})
	if refused := stripeError(t, err); refused.Code != stripe.ErrorCodeChargeAlreadyRefunded {
		t.Errorf("got %v, want charge_already_refunded", refused)
	}
}

func TestALaterStatusSurvivesAKill(t *testing.T) {
	p := start(t)
	refundOf(t, stripeClient(p, shopKey, 0), "pm_card_pendingRefund")
	after := startAt(t, copyOf(t, p.path), Options{Notify: true}, zerolog.Nop())
	settling(t, after.ledger)
	await.True(t, "the refund to succeed", func() bool { return after.booked(t).Refunded == 2500 })
	b, err := after.ledger.Books()
	if err != nil || len(b.Refunds) != 1 || b.Refunds[0].Status != RefundSucceeded || b.Refunds[0].SucceededAt.IsZero() {
		t.Errorf("got refunds %+v, %v, want one that succeeded", b.Refunds, err)
	}
}

// An answer under a key is the one that was given first, whatever has become of the refund since: as Stripe does it.
func TestTheSameKeyGivesARefundsFirstStatus(t *testing.T) {
	p := start(t)
	settling(t, p.ledger)
	id := p.newIntent(t, "pm_card_refundFail")
	p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "")
	form := fmt.Sprintf("payment_intent=%s", id)
	p.post(t, "/v1/refunds", form, "k")
	await.True(t, "the refund to fail", func() bool { return p.booked(t).Refunded == 0 })
	if _, body := p.post(t, "/v1/refunds", form, "k"); !strings.Contains(body, `"status":"succeeded"`) {
		t.Errorf("under the same key: got %s, want the first answer", body)
	}
}

func TestALedgerOfATimeWhenEveryRefundSucceededIsRead(t *testing.T) {
	l, err := OpenLedger(t.TempDir()+"/ledger.jsonl", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.mu.Lock()
	err = l.append(line{Intent: &Intent{ID: "pi_1"}, Refund: &Refund{ID: "re_1", Intent: "pi_1", CreatedAt: time.Unix(1, 0)}})
	l.mu.Unlock()
	if b, err2 := l.Books(); err != nil || err2 != nil || b.Refunds[0].Status != RefundSucceeded {
		t.Errorf("got %+v, %v, %v; want a refund that succeeded", b.Refunds, err, err2)
	}
}
