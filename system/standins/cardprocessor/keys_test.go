package cardprocessor

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"stormglass/internal/await"
)

const form = "amount=2500&currency=eur&payment_method=pm_card_visa&metadata%5Border_id%5D=o-1"

func TestTheSameKeyGivesTheSameAnswer(t *testing.T) {
	p := start(t)
	first, want := p.post(t, "/v1/payment_intents", form, "k1")
	again, got := p.post(t, "/v1/payment_intents", form, "k1")
	if got != want || again.StatusCode != first.StatusCode {
		t.Errorf("got %d %s\nwant %d %s", again.StatusCode, got, first.StatusCode, want)
	}
	if again.Header.Get("Idempotent-Replayed") != "true" || again.Header.Get("Original-Request") != first.Header.Get("Request-Id") {
		t.Errorf("the second answer does not say that it is the first one's: %v", again.Header)
	}
	p.booked(t)
}

func TestADeclineIsSavedUnderItsKeyToo(t *testing.T) {
	p := start(t)
	id := p.newIntent(t, "pm_card_visa_chargeDeclined")
	first, want := p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1")
	again, got := p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1")
	if first.StatusCode != http.StatusPaymentRequired || again.StatusCode != first.StatusCode || got != want {
		t.Errorf("got %d %s\nwant %d %s", again.StatusCode, got, first.StatusCode, want)
	}
}

func TestAKeyIsForOneRequestOnly(t *testing.T) {
	p := start(t)
	p.post(t, "/v1/payment_intents", form, "k1")
	for name, c := range map[string]struct{ path, form string }{
		"other amount": {"/v1/payment_intents", strings.Replace(form, "2500", "2600", 1)},
		"other call":   {"/v1/refunds", form},
	} {
		response, body := p.post(t, c.path, c.form, "k1")
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d %s, want 400", name, response.StatusCode, body)
		}
		if name == "other amount" && !strings.Contains(body, "idempotency_error") {
			t.Errorf("%s: got %s, want an idempotency_error", name, body)
		}
	}
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	p := start(t)
	if response, _ := p.post(t, "/v1/payment_intents", "amount=0&currency=eur", "k1"); response.StatusCode != http.StatusBadRequest {
		t.Fatalf("amount 0: got status %d, want 400", response.StatusCode)
	}
	if response, body := p.post(t, "/v1/payment_intents", form, "k1"); response.StatusCode != http.StatusOK {
		t.Errorf("the corrected request under the same key: got %d %s, want 200", response.StatusCode, body)
	}
}

func TestAKeyInUseIsRefusedAndWorksAfterwards(t *testing.T) {
	p := start(t)
	id := p.newIntent(t, "pm_card_slow")
	var wg sync.WaitGroup
	var want string
	wg.Go(func() { _, want = p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1") })
	await.True(t, "the confirmation to be under way", func() bool { return p.booked(t).State == Processing })
	response, body := p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1")
	if response.StatusCode != http.StatusConflict || !strings.Contains(body, "idempotency_key_in_use") {
		t.Errorf("got %d %s, want 409 idempotency_key_in_use", response.StatusCode, body)
	}
	wg.Wait()
	if response, got := p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1"); response.StatusCode != http.StatusOK || got != want {
		t.Errorf("afterwards: got %d %s\nwant 200 %s", response.StatusCode, got, want)
	}
}

func TestManyAtOnceUnderOneKeyMakeOneCharge(t *testing.T) {
	p := start(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 20 {
		wg.Go(func() {
			response, _ := p.post(t, "/v1/payment_intents", form, "k1")
			mu.Lock()
			defer mu.Unlock()
			statuses[response.StatusCode]++
		})
	}
	wg.Wait()
	p.booked(t)
	if statuses[http.StatusOK] == 0 || statuses[http.StatusOK]+statuses[http.StatusConflict] != 20 {
		t.Errorf("got statuses %v, want only 200 and 409", statuses)
	}
}

func TestKeysAndMoneySurviveAKill(t *testing.T) {
	p := start(t)
	id := p.newIntent(t, "pm_card_visa")
	first, want := p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1")
	p.post(t, "/v1/refunds", "amount=500&payment_intent="+id, "k2")
	books := p.booked(t)
	after := startAt(t, p.path, Options{Slow: quick, Notify: true}, zerolog.Nop())
	if got := after.booked(t); got != books {
		t.Errorf("got books %+v, want %+v", got, books)
	}
	again, got := after.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1")
	if got != want || again.Header.Get("Original-Request") != first.Header.Get("Request-Id") {
		t.Errorf("under the same key after the restart: got %s\nwant %s", got, want)
	}
	after.post(t, "/v1/refunds", "amount=500&payment_intent="+id, "k2")
	if got := after.booked(t); got.Refunded != 500 {
		t.Errorf("after the refund was asked for again: got %d refunded, want 500", got.Refunded)
	}
}

func TestWhatWasBeingProcessedIsFinishedAfterAKill(t *testing.T) {
	p := startAt(t, t.TempDir()+"/ledger.jsonl", Options{Slow: quick * 20, Notify: true}, zerolog.Nop())
	id := p.newIntent(t, "pm_card_slow")
	var wg sync.WaitGroup
	wg.Go(func() { p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1") })
	await.True(t, "the confirmation to be under way", func() bool { return p.booked(t).State == Processing })
	after := startAt(t, copyOf(t, p.path), Options{Slow: quick, Notify: true}, zerolog.Nop())
	if got := after.booked(t); got.State != Succeeded || got.Captured != 2500 {
		t.Errorf("got books %+v, want the charge finished", got)
	}
	response, body := after.post(t, "/v1/payment_intents/"+id+"/confirm", "", "k1")
	if response.StatusCode != http.StatusOK || response.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("under the same key: got %d %s, want the saved answer", response.StatusCode, body)
	}
	wg.Wait()
}
