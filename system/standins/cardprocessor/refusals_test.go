package cardprocessor

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func copyOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(copied, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

func TestWrongRequestsAreRefusedInStripesTerms(t *testing.T) {
	p := start(t)
	id := p.newIntent(t, "pm_card_visa")
	for name, c := range map[string]struct {
		path, form string
		status     int
		says       string
	}{
		"no amount":              {"/v1/payment_intents", "currency=eur", 400, "parameter_missing"},
		"no number":              {"/v1/payment_intents", "amount=ten&currency=eur", 400, "parameter_invalid_integer"},
		"negative":               {"/v1/payment_intents", "amount=-5&currency=eur", 400, "parameter_invalid_integer"},
		"absurd":                 {"/v1/payment_intents", "amount=999999999&currency=eur", 400, "amount_too_large"},
		"no currency":            {"/v1/payment_intents", "amount=5", 400, `"param":"currency"`},
		"unknown parameter":      {"/v1/payment_intents", form + "&colour=red", 400, "parameter_unknown"},
		"empty parameter":        {"/v1/payment_intents", form + "&description=", 400, "parameter_invalid_empty"},
		"unknown method":         {"/v1/payment_intents", "amount=5&currency=eur&payment_method=pm_nobody", 400, "resource_missing"},
		"confirm at once":        {"/v1/payment_intents", form + "&confirm=true", 400, `"param":"confirm"`},
		"parameter in address":   {"/v1/payment_intents?amount=5", form, 400, "body"},
		"too large":              {"/v1/payment_intents", "description=" + strings.Repeat("x", 70<<10), 413, "too large"},
		"unknown intent":         {"/v1/payment_intents/pi_nobody/confirm", "", 404, "resource_missing"},
		"refund of nothing":      {"/v1/refunds", "payment_intent=pi_nobody", 400, `"param":"payment_intent"`},
		"refund without intent":  {"/v1/refunds", "amount=5", 400, "parameter_missing"},
		"refund before a charge": {"/v1/refunds", "payment_intent=" + id, 400, "payment_intent_unexpected_state"},
		"cancel for no reason":   {"/v1/payment_intents/" + id + "/cancel", "cancellation_reason=bored", 400, "cancellation_reason"},
		"unknown call":           {"/v1/customers", "", 404, "invalid_request_error"},
	} {
		response, body := p.post(t, c.path, c.form, "")
		if response.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: got %d %s, want %d with %s", name, response.StatusCode, body, c.status, c.says)
		}
	}
	if got := p.booked(t); got.State != NeedsConfirm || got.Captured != 0 {
		t.Errorf("the only intent is %+v, want it untouched", got)
	}
}

func TestMoreThanWasChargedIsNotRefunded(t *testing.T) {
	p := start(t)
	id := p.newIntent(t, "pm_card_visa")
	p.post(t, "/v1/payment_intents/"+id+"/confirm", "", "")
	p.post(t, "/v1/refunds", "amount=2000&payment_intent="+id, "")
	response, body := p.post(t, "/v1/refunds", "amount=501&payment_intent="+id, "")
	if response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "amount_too_large") {
		t.Errorf("got %d %s, want 400 amount_too_large", response.StatusCode, body)
	}
	if got := p.booked(t); got.Refunded != 2000 {
		t.Errorf("got %d refunded, want 2000", got.Refunded)
	}
}

func TestACardNumberIsRefusedAndIsNowhereAfterwards(t *testing.T) {
	var log bytes.Buffer
	p := startAt(t, filepath.Join(t.TempDir(), "ledger.jsonl"), Options{Notify: true}, zerolog.New(&log))
	id := p.newIntent(t, "pm_card_visa")
	for _, number := range []string{"4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "378282246310005"} {
		escaped := strings.ReplaceAll(number, " ", "+")
		for path, form := range map[string]string{
			"/v1/payment_intents":                    "amount=5&currency=eur&payment_method=" + escaped,
			"/v1/payment_intents/" + id + "/confirm": "payment_method=" + escaped,
			"/v1/refunds":                            "payment_intent=" + escaped,
			"/v1/payment_intents/" + strings.ReplaceAll(number, " ", "%20") + "/cancel":     "",
			"/v1/payment_intents/" + id + "/confirm?" + strings.ReplaceAll(number, " ", ""): "",
			"/v1/payment_intents/" + id + "/cancel":                                         escaped + "=1",
		} {
			response, body := p.post(t, path, form, "")
			if response.StatusCode != http.StatusBadRequest && response.StatusCode != http.StatusNotFound {
				t.Errorf("%s with a card number: got status %d, want a refusal", path, response.StatusCode)
			}
			if strings.Contains(body, number) {
				t.Errorf("%s repeats the card number: %s", path, body)
			}
		}
		ledger, err := os.ReadFile(p.path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(ledger, []byte(number)) || bytes.Contains(log.Bytes(), []byte(number)) {
			t.Errorf("the ledger or the log holds %s", number)
		}
	}
	if log.Len() == 0 {
		t.Error("nothing was logged, so nothing was searched")
	}
}

func TestCardNumbersAreToldFromOtherTexts(t *testing.T) {
	for text, want := range map[string]bool{
		"4242424242424242": true, "4242 4242 4242 4242": true, "5555-5555-5555-4444": true, "6011000990139424": true,
		"4242424242424241": false, "pm_card_visa": false, "42424242": false, "00000000-0000-0000-0000-000000000000": false, "": false,
		"42424242424242424242": false, "4242424242424242x": false,
	} {
		if got := isCardNumber(text); got != want {
			t.Errorf("%q is a card number: got %v, want %v", text, got, want)
		}
	}
}

func TestBothWaysToSendTheKeyWork(t *testing.T) {
	p := start(t)
	id := p.newIntent(t, "pm_card_visa")
	for name, c := range map[string]struct {
		set    func(*http.Request)
		status int
	}{
		"bearer":       {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+shopKey) }, 200},
		"basic":        {func(r *http.Request) { r.SetBasicAuth(shopKey, "") }, 200},
		"none":         {func(*http.Request) {}, 401},
		"wrong bearer": {func(r *http.Request) { r.Header.Set("Authorization", "Bearer sk_test_shop2") }, 401},
		"wrong basic":  {func(r *http.Request) { r.SetBasicAuth("", shopKey) }, 401},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/v1/payment_intents/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.set(r)
		if response, body := p.do(t, r); response.StatusCode != c.status {
			t.Errorf("%s: got %d %s, want %d", name, response.StatusCode, body, c.status)
		}
	}
}
