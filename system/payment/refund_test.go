package payment

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
)

// cancelledAfterCharge is a shop with one order whose charge must go back.
func cancelledAfterCharge(t *testing.T, url string) *bench {
	t.Helper()
	b := newBench(t, url)
	for _, e := range []string{"ordered", "reserved", "work", "cancelled"} {
		if e == "work" {
			b.labour(t, t.Context())
		} else if err := b.hear(t.Context(), goods, e); err != nil {
			t.Fatal(err)
		}
	}
	b.told.said = nil
	return b
}

// payment reads the order's payment.
func (b *bench) payment(t *testing.T) (p Payment) {
	t.Helper()
	err := b.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) (err error) {
		p, _, err = byOrder(ctx, tx, goods)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wait lets the time pass for which the payment is left alone, and does what is due then.
func (b *bench) wait(t *testing.T) {
	t.Helper()
	err := b.db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE payments SET next_us = 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b.labour(t, t.Context())
}

// notify delivers a webhook about a refund.
func (b *bench) notify(t *testing.T, id, event, status string, number int) {
	t.Helper()
	body := fmt.Sprintf(`{"id":%q,"type":%q,"data":{"object":{"id":"re_%d","object":"refund","payment_intent":"pi_o1","status":%q,"metadata":{"refund":"%d"}}}}`,
		id, event, number, status, number)
	if err := b.TakeNotice(t.Context(), "whsec", []byte(body), signed("whsec", time.Now(), body)); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) wantSaid(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(b.told.said, ","); got != strings.Join(want, ",") {
		t.Errorf("published %q, want %q", got, want)
	}
}

// The customer is notified once the money is back, whatever a refund was answered with.
func TestTheStatusOfARefundDecides(t *testing.T) {
	failed := func(reason string) Refund { return Refund{Status: RefundDeclined, Reason: reason} }
	for name, c := range map[string]struct {
		refunds map[int64]Refund
		first   State // after the first answer
		last    State // after three further looks
		said    string
	}{
		"succeeds":                     {nil, Refunded, Refunded, "o1 refunded"},
		"stays pending":                {map[int64]Refund{0: {Status: RefundProcessing}}, RefundPending, RefundPending, ""},
		"asks for action":              {map[int64]Refund{0: {Status: RefundNeedsAction}}, RefundPending, RefundPending, ""},
		"fails once":                   {map[int64]Refund{0: failed("declined")}, RefundPending, Refunded, "o1 refunded"},
		"is cancelled":                 {map[int64]Refund{0: {Status: RefundCanceled}}, RefundPending, Refunded, "o1 refunded"},
		"fails, and then is pending":   {map[int64]Refund{0: failed("unknown"), 1: {Status: RefundProcessing}}, RefundPending, RefundPending, ""},
		"fails each time":              {map[int64]Refund{0: failed("declined"), 1: failed("declined"), 2: failed("declined")}, RefundPending, RefundFailed, ""},
		"fails where nothing can mend": {map[int64]Refund{0: failed("expired_or_canceled_card")}, RefundFailed, RefundFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				b := cancelledAfterCharge(t, url)
				b.company.status = c.refunds
				b.labour(t, t.Context())
				b.wantState(t, goods, c.first)
				for range 3 {
					b.wait(t)
				}
				b.wantState(t, goods, c.last)
				if got := strings.Join(b.told.said, ","); got != c.said {
					t.Errorf("published %q, want %q", got, c.said)
				}
			})
		})
	}
}

func TestAStatusThatIsNewToUsIsLookedAtAgain(t *testing.T) {
	b := cancelledAfterCharge(t, storetest.SQLite(t))
	b.company.status = map[int64]Refund{0: {Status: "reversed"}}
	claimed, err := b.toDo.Claim(t.Context(), 1, time.Minute)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	if err := b.work(t.Context(), claimed[0]); err == nil || !strings.Contains(err.Error(), "reversed") {
		t.Errorf("got %v, want an error that names the status", err)
	}
	b.wantState(t, goods, Refunding)
}

func TestAWebhookEndsThePendingRefundsWait(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := cancelledAfterCharge(t, url)
		b.company.status = map[int64]Refund{0: {Status: RefundProcessing}}
		b.labour(t, t.Context())
		b.wantState(t, goods, RefundPending)
		b.company.status = nil
		b.labour(t, t.Context())
		b.wantState(t, goods, RefundPending) // it is not looked at all the time
		b.notify(t, "evt_1", "refund.updated", "succeeded", 0)
		b.labour(t, t.Context())
		b.wantState(t, goods, Refunded)
		b.wantSaid(t, "o1 refunded")
	})
}

// A refund that succeeded may fail days later. The money is given back again, and the customer notified of that.
func TestARefundThatFailsAfterItSucceededIsMadeAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := cancelledAfterCharge(t, url)
		b.labour(t, t.Context())
		b.wantState(t, goods, Refunded)
		b.company.status = map[int64]Refund{0: {Status: RefundDeclined}}
		b.notify(t, "evt_1", "charge.refund.updated", "failed", 0)
		b.notify(t, "evt_2", "refund.failed", "failed", 0) // the same once more, under another type
		b.notify(t, "evt_2", "refund.failed", "failed", 0)
		if p := b.payment(t); p.State != RefundPending || p.RefundsFailed != 1 {
			t.Errorf("the payment is %s after %d failed refunds, want %s after 1", p.State, p.RefundsFailed, RefundPending)
		}
		b.labour(t, t.Context())
		b.wantState(t, goods, RefundPending) // the next refund is due in an hour
		b.wait(t)
		b.wantState(t, goods, Refunded)
		b.wantSaid(t, "o1 refunded", "o1 refunded")
	})
}

// The webhook may overtake the answer to the request.
func TestAFailureThatOvertakesTheAnswerIsNotLost(t *testing.T) {
	b := cancelledAfterCharge(t, storetest.SQLite(t))
	claimed, err := b.toDo.Claim(t.Context(), 1, time.Minute)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	b.notify(t, "evt_1", "refund.failed", "failed", 0)
	if err := b.work(t.Context(), claimed[0]); err != nil { // the answer says succeeded
		t.Fatal(err)
	}
	if p := b.payment(t); p.State != RefundPending || p.RefundsFailed != 1 {
		t.Errorf("the payment is %s after %d failed refunds, want %s after 1", p.State, p.RefundsFailed, RefundPending)
	}
	b.wantSaid(t)
	b.labour(t, t.Context())
	b.wantState(t, goods, RefundPending) // and its wait is not over
}

func TestNewsOfOtherRefundsChangesNothing(t *testing.T) {
	b := cancelledAfterCharge(t, storetest.SQLite(t))
	b.labour(t, t.Context())
	b.notify(t, "evt_1", "refund.failed", "failed", 1)
	b.wantState(t, goods, Refunded)
	body := `{"id":"evt_2","type":"refund.failed","data":{"object":{"id":"re_9","object":"refund","payment_intent":"pi_other","status":"failed"}}}`
	if err := b.TakeNotice(t.Context(), "whsec", []byte(body), signed("whsec", time.Now(), body)); err != nil {
		t.Errorf("news of somebody else's charge: %v", err)
	}
}

func TestARefundThatIsPendingIsNoneOfTheChargesBacklog(t *testing.T) {
	b := cancelledAfterCharge(t, storetest.SQLite(t))
	b.company.status = map[int64]Refund{0: {Status: RefundProcessing}}
	b.labour(t, t.Context())
	if depth, _, err := b.toDo.Backlog(t.Context()); depth != 0 || err != nil {
		t.Errorf("%d charges wait, %v; want none", depth, err)
	}
	if depth, _, err := pendingRefunds(b.db).Backlog(t.Context()); depth != 1 || err != nil {
		t.Errorf("%d refunds wait, %v; want 1", depth, err)
	}
}

func TestAPendingRefundIsLookedAtLessAndLessOften(t *testing.T) {
	for pending, want := range map[time.Duration]time.Duration{0: time.Second, time.Minute: time.Minute, 100 * time.Hour: time.Hour} {
		if got := nextLook(pending); got != want {
			t.Errorf("pending for %s: looked at again after %s, want %s", pending, got, want)
		}
	}
}

// What the processor answers, and what it is asked for meanwhile.
func TestARefundIsLookedForBeforeItIsAskedFor(t *testing.T) {
	const charge = `{"id":"pi_1","amount_received":500,"currency":"eur","latest_charge":{"refunds":{"data":[%s]}}}`
	failed := `{"amount":500,"status":"failed","failure_reason":"declined","metadata":{"refund":"0"}}`
	for name, c := range map[string]struct {
		refunds, answer string
		status          int
		number          int64
		want            Refund
		asked           string // the form that was posted
	}{
		"there is none":         {"", `{"amount":500,"status":"succeeded","metadata":{"refund":"0"}}`, 200, 0, Refund{0, 500, RefundCompleted, ""}, "refund%5D=0"},
		"the answer is failed":  {"", `{"amount":500,"status":"failed","failure_reason":"lost_or_stolen_card"}`, 200, 0, Refund{0, 500, RefundDeclined, "lost_or_stolen_card"}, "refund%5D=0"},
		"failed for no reason":  {"", `{"amount":500,"status":"failed"}`, 200, 0, Refund{0, 500, RefundDeclined, "unknown"}, "refund%5D=0"},
		"the answer is pending": {"", `{"amount":500,"status":"pending"}`, 200, 0, Refund{0, 500, RefundProcessing, ""}, "refund%5D=0"},
		"an earlier one failed": {failed, `{"amount":500,"status":"pending","metadata":{"refund":"1"}}`, 200, 1, Refund{1, 500, RefundProcessing, ""}, "refund%5D=1"},
		"it is refused":         {"", `{"error":{"type":"invalid_request_error","code":"charge_disputed"}}`, 400, 0, Refund{0, 0, RefundDeclined, "charge_disputed"}, "refund%5D=0"},
		"it was made meanwhile": {"", `{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}`, 400, 0, Refund{0, 0, RefundProcessing, ""}, "refund%5D=0"},
		"it failed":             {failed, "", 0, 0, Refund{0, 500, RefundDeclined, "declined"}, ""},
		"it has no number":      {`{"amount":500,"status":"pending","metadata":{}}`, "", 0, 0, Refund{0, 500, RefundProcessing, ""}, ""},
		"made by hand, in part": {`{"amount":200,"status":"succeeded"},{"amount":300,"status":"pending","metadata":{"refund":"2"}}`, "", 0, 2, Refund{2, 500, RefundProcessing, ""}, ""},
		"made by hand":          {failed + `,{"amount":500,"status":"succeeded","metadata":{}}`, "", 0, 1, Refund{1, 500, RefundCompleted, ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked, key := "", ""
			s := ask(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					fmt.Fprintf(w, charge, c.refunds)
					return
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				asked, key = string(body), r.Header.Get("Idempotency-Key")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.answer)
			})
			got, err := s.Refund(t.Context(), Payment{Order: "o1", Intent: "pi_1", Amount: price, RefundsFailed: c.number})
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
			if (c.asked == "") != (asked == "") || !strings.Contains(asked, c.asked) {
				t.Errorf("asked for %q, want %q in it", asked, c.asked)
			}
			if want := fmt.Sprintf("o1-refund-%d", c.number); asked != "" && key != want {
				t.Errorf("asked under the key %q, want %q", key, want)
			}
		})
	}
}

func TestWhereNothingWasTakenNothingIsRefunded(t *testing.T) {
	s := ask(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"id":"pi_1","amount_received":0,"currency":"eur"}`)
	})
	if refund, err := s.Refund(t.Context(), Payment{Order: "o1", Intent: "pi_1"}); err == nil || !strings.Contains(err.Error(), "pi_1") {
		t.Errorf("got %+v, %v; want an error that names the charge", refund, err)
	}
}
