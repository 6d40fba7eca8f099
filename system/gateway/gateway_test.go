package gateway

import (
	"net/http"
	"testing"

	cartv1 "stormglass/system/api/cart/v1"
	orderv1 "stormglass/system/api/order/v1"
)

const checkoutBody = `{"cart_version":7,"expected_total":{"minor":9998,"currency":"EUR"},"card_ref":"card_1",
	"address":{"name":"Ada","street":"Harbour Road 7","postcode":"20457","city":"Hamburg","country":"DE"}}`

var keyed = map[string]string{"Idempotency-Key": "key-1"}

func TestShopperWalksFromRegistrationToOrder(t *testing.T) {
	d := newDesk(t)
	d.send(request{method: "POST", path: "/v1/users", header: keyed,
		body: `{"email":"ada@example.com","password":"correct horse","name":"Ada"}`}).want(t, http.StatusCreated)
	session := d.send(request{method: "POST", path: "/v1/sessions", body: `{"email":"ada@example.com","password":"correct horse"}`}).want(t, http.StatusCreated)
	token := session.at("access_token").(string)

	if got := d.send(request{path: "/v1/products?text=lamp"}).want(t, 200).at("total"); got != 1.0 {
		t.Errorf("search: got total %v, want 1", got)
	}
	if got := d.send(request{path: "/v1/products/" + lamp}).want(t, 200).at("availability"); got != 12.0 {
		t.Errorf("product: got availability %v, want 12", got)
	}
	cart := d.send(request{method: "PUT", path: "/v1/cart/items/" + lamp, token: token, body: `{"quantity":2}`}).want(t, 200)
	if got := cart.at("total", "minor"); got != 9998.0 {
		t.Errorf("cart: got total %v, want 9998", got)
	}
	if got := d.fakes.last("SetItem").(*cartv1.SetItemRequest); got.GetQuantity() != 2 || got.GetProductId() != lamp {
		t.Errorf("cart: forwarded %v", got)
	}
	card := d.send(request{method: "POST", path: "/v1/cards", token: token, header: keyed, body: `{"token":"pm_card_visa"}`}).want(t, 201)
	if got := card.at("card_ref"); got != "card_1" {
		t.Errorf("card: got %v, want card_1", got)
	}
	accepted := d.send(request{method: "POST", path: "/v1/orders", token: token, header: keyed, body: checkoutBody}).want(t, http.StatusAccepted)
	if got, want := accepted.header.Get("Location"), "/v1/orders/"+theOrder; got != want {
		t.Errorf("order: got Location %q, want %q", got, want)
	}
	sent := d.fakes.last("CreateOrder").(*orderv1.CreateOrderRequest)
	if sent.GetIdempotencyKey() != "key-1" || sent.GetCartVersion() != 7 || sent.GetExpectedTotal().GetMinor() != 9998 || sent.GetAddress().GetCity() != "Hamburg" {
		t.Errorf("order: forwarded %v", sent)
	}
}

func TestEachRouteAnswersAsDocumented(t *testing.T) {
	d := newDesk(t)
	ada, staff := d.token("u1"), d.token("u2", "staff")
	book := "/v1/me/addresses/0190c0de-0000-4000-8000-000000000001"
	for name, c := range map[string]struct {
		request
		status int
		key    string
		want   any
	}{
		"refresh":        {request{method: "POST", path: "/v1/sessions/refresh", body: `{"refresh_token":"r1"}`}, 200, "refresh_token", "r2"},
		"log out":        {request{method: "DELETE", path: "/v1/sessions", body: `{"refresh_token":"r1"}`}, 204, "", nil},
		"profile":        {request{path: "/v1/me", token: ada}, 200, "user_id", "u1"},
		"change profile": {request{method: "PATCH", path: "/v1/me", token: ada, body: `{"name":"Ada L."}`}, 200, "name", "Ada L."},
		"put address":    {request{method: "PUT", path: book, token: ada, body: `{"name":"Ada","street":"S 1","postcode":"1","city":"B","country":"DE"}`}, 200, "city", "B"},
		"delete address": {request{method: "DELETE", path: book, token: ada}, 204, "", nil},
		"addresses":      {request{path: "/v1/me/addresses", token: ada}, 200, "", nil},
		"categories":     {request{path: "/v1/categories"}, 200, "stale", false},
		"cart":           {request{path: "/v1/cart", token: ada}, 200, "version", 7.0},
		"remove item":    {request{method: "DELETE", path: "/v1/cart/items/" + lamp, token: ada}, 200, "version", 7.0},
		"clear cart":     {request{method: "DELETE", path: "/v1/cart", token: ada}, 200, "version", 8.0},
		"orders":         {request{path: "/v1/orders?page_size=1", token: ada}, 200, "next_page_token", "next"},
		"cancel":         {request{method: "POST", path: "/v1/orders/" + theOrder + "/cancel", token: ada}, 200, "state", "cancelled"},
		"price":          {request{method: "PUT", path: "/v1/products/" + lamp + "/price", token: staff, body: `{"price":{"minor":100,"currency":"EUR"}}`}, 200, "id", lamp},
		"stock":          {request{method: "POST", path: "/v1/products/" + lamp + "/stock", token: staff, header: keyed, body: `{"quantity":5,"delivery_note":"LS-1"}`}, 200, "available", 17.0},
		"keys":           {request{path: "/.well-known/jwks.json"}, 200, "", nil},
		"document":       {request{path: "/openapi.json"}, 200, "openapi", "3.1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.send(c.request).want(t, c.status)
			if c.key != "" && got.at(c.key) != c.want {
				t.Errorf("got %s %v, want %v", c.key, got.at(c.key), c.want)
			}
		})
	}
}
