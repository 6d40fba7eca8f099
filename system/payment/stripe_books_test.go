package payment

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"stormglass/system/api/links"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// ask gives a client of a processor that answers by a function.
func ask(t *testing.T, answer http.HandlerFunc) *stripe {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	policy, err := links.Policy("payment", "card-processor")
	if err != nil {
		t.Fatal(err)
	}
	policy.Deadline, policy.AttemptTimeout = 2*time.Minute, time.Minute // no busy machine makes an answer late
	tel := telemetry.Discard("payment")
	link, err := resilience.New(tel, "payment", "card-processor", policy)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newStripe(tel, link, server.URL, "sk_test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheProcessorsListIsReadAsWhatItKept(t *testing.T) {
	var asked string
	s := ask(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.Path + "?" + r.URL.Query().Encode()
		fmt.Fprint(w, `{"object": "list", "has_more": true, "data": [
			{"id": "pi_3", "amount": 500, "amount_received": 500, "currency": "eur", "metadata": {"order_id": "o3"}, "latest_charge": {"id": "ch_3", "amount_refunded": 500, "refunds": {"data": [
				{"amount": 300, "status": "pending", "metadata": {"refund": "1"}}, {"amount": 200, "status": "succeeded", "metadata": {}}]}}},
			{"id": "pi_2", "amount": 700, "amount_received": 0, "currency": "eur", "metadata": {}, "latest_charge": null}]}`)
	})
	page, more, err := s.List(t.Context(), time.Unix(60, 0), time.Unix(120, 0), "pi_4")
	want := []Booked{
		{ID: "pi_3", Order: "o3", Received: money.Of(500, "EUR"), Refunds: []Refund{{1, 300, RefundProcessing, ""}, {0, 200, RefundCompleted, ""}}},
		{ID: "pi_2", Received: money.Of(0, "EUR")},
	}
	if err != nil || !more || !reflect.DeepEqual(page, want) {
		t.Errorf("got %v, more %v, %v; want %v and more", page, more, err, want)
	}
	if got := page[0].Kept(); got != money.Of(300, "EUR") {
		t.Errorf("kept %v, want what did not succeed as a refund", got)
	}
	if want := "GET /v1/payment_intents?created%5Bgte%5D=60&created%5Blt%5D=120&expand%5B%5D=data.latest_charge.refunds&limit=100&starting_after=pi_4"; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
}

func TestALookTellsAChargeThatIsNotThereFromAProcessorThatIsNot(t *testing.T) {
	s := ask(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "pi_1"):
			fmt.Fprint(w, `{"id": "pi_1", "amount_received": 500, "currency": "eur", "latest_charge": {"amount_refunded": 500, "refunds": {"data": [{"amount": 500, "status": "succeeded"}]}}}`)
		case strings.HasSuffix(r.URL.Path, "pi_2"):
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error": {"type": "invalid_request_error", "code": "resource_missing"}}`)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	if got, known, err := s.Look(t.Context(), "pi_1"); err != nil || !known || got.Kept() != money.Of(0, "EUR") {
		t.Errorf("a refunded charge: got %v, %v, %v", got, known, err)
	}
	if got, known, err := s.Look(t.Context(), "pi_2"); err != nil || known {
		t.Errorf("no such charge: got %v, %v, %v", got, known, err)
	}
	if _, _, err := s.Look(t.Context(), "pi_3"); !problem.CodeOf(err).Outage() {
		t.Errorf("a processor in trouble: got %v, want an outage", err)
	}
}
