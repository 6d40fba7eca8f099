package gateway

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/telemetry"
)

func TestOrderPageShowsOrderPaymentAndShipmentSideBySide(t *testing.T) {
	d := newDesk(t)
	page := d.send(request{path: "/v1/orders/" + theOrder, token: d.token("u1")}).want(t, 200)
	if page.at("order", "state") != "confirmed" || page.at("payment", "state") != "completed" {
		t.Errorf("got %s", page.text)
	}
	if page.at("shipment") != nil || len(page.at("degraded").([]any)) != 0 {
		t.Errorf("a shipment that is not there yet is no degradation: got %s", page.text)
	}
}

func TestOrderPageAnswersWithoutThePartsThatAreAway(t *testing.T) {
	d := newDesk(t)
	d.fakes.away("payment", true)
	d.fakes.away("shipping", true)
	page := d.send(request{path: "/v1/orders/" + theOrder, token: d.token("u1")}).want(t, 200)
	if page.at("order", "id") != theOrder || page.at("payment") != nil || page.at("shipment") != nil {
		t.Errorf("got %s", page.text)
	}
	if degraded := page.at("degraded").([]any); len(degraded) != 2 || degraded[0] != "payment" || degraded[1] != "shipment" {
		t.Errorf("got degraded %v, want payment and shipment", degraded)
	}
	if got := testutil.ToFloat64(d.tel.Counter(telemetry.LinkFallbacks).WithLabelValues("gateway", "shipping", "GetShipment")); got != 1 {
		t.Errorf("got %v fallbacks of GetShipment, want 1", got)
	}
}

func TestOrderPageDoesNotWaitLongForASilentPart(t *testing.T) {
	d := newDesk(t)
	d.fakes.silent = true
	page := d.send(request{path: "/v1/orders/" + theOrder, token: d.token("u1")}).want(t, 200)
	d.fakes.mu.Lock()
	left := d.fakes.left
	d.fakes.mu.Unlock()
	if left == 0 || left > partLimit {
		t.Errorf("the part may take %v, want at most %v", left, partLimit)
	}
	if degraded := page.at("degraded").([]any); len(degraded) != 1 || degraded[0] != "shipment" {
		t.Errorf("got degraded %v, want shipment", degraded)
	}
}

func TestOrderPageNeedsTheOrder(t *testing.T) {
	d := newDesk(t)
	d.fakes.away("order", true)
	got := d.send(request{path: "/v1/orders/" + theOrder, token: d.token("u1")})
	wantProblem(t, got, 503, "unavailable")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestProductPageAnswersWithoutItsAvailability(t *testing.T) {
	d := newDesk(t)
	d.fakes.away("inventory", true)
	page := d.send(request{path: "/v1/products/" + lamp}).want(t, 200)
	if page.at("availability") != nil || page.at("title") != "Arc desk lamp" || page.at("degraded").([]any)[0] != "availability" {
		t.Errorf("got %s", page.text)
	}
}

func TestCheckoutIsAcceptedWhileWhatComesAfterItIsAway(t *testing.T) {
	d := newDesk(t)
	for _, service := range []string{"user", "inventory", "payment", "shipping"} {
		d.send(request{path: "/v1/cart", token: d.token("u1")}).want(t, 200) // keys are known
		d.fakes.away(service, true)
	}
	d.send(request{method: "POST", path: "/v1/orders", token: d.token("u1"), header: keyed, body: checkoutBody}).want(t, 202)
}

func TestWebhookIsForwardedByteForByte(t *testing.T) {
	d := newDesk(t)
	body := "{\"id\" : \"evt_1\",\n  \"x\":\t1}\xff"
	d.send(request{method: "POST", path: "/v1/webhooks/card-processor", body: body,
		header: map[string]string{"Content-Type": "application/anything", "Stripe-Signature": "t=1,v1=ab"}}).want(t, 204)
	if got := webhookSeen(d); got != body+"|t=1,v1=ab" {
		t.Errorf("got %q", got)
	}
}
