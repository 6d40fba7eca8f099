package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// number is a card's, as the industry's test cards have it.
const number = "4242424242424242"

// wide and unseen are the same in full-width digits and with zero-width spaces.
const (
	wide   = "４２４２４２４２４２４２４２４２"
	unseen = "4242\u200b4242\u200b4242\u200b4242"
)

// written are the ways in which clients write it, alone or where a text is expected.
func written() []string {
	return []string{
		number, "4242 4242 4242 4242", "4242-4242-4242-4242", "my card is 4242 4242 4242 4242, thanks", "card" + number + "@example.com",
		"+" + number, "4242.4242.4242.4242", wide, unseen,
	}
}

// traces of it are what would be found if it had been kept: as it was written, or as a URL writes it.
func traces() []string {
	return []string{number, "4242 4242 4242 4242", "4242-4242-4242-4242", "4242+4242+4242+4242", "4242%204242%204242%204242", "4242.4242.4242.4242", wide, unseen, base64.StdEncoding.EncodeToString([]byte(number))}
}

func TestACardNumberIsKeptNowhereWhereverAClientPutsIt(t *testing.T) {
	t.Parallel()
	s := open(t, all(talkative, with("gateway", "RATE_LIMIT_USER", "10000"), with("gateway", "RATE_LIMIT_ADDRESS", "10000")))
	c := s.customer("Ada Lovelace")
	c.staff() // who may call everything
	o := c.place(c.basket(goodCard))
	c.await(o.ID, "shipped")

	d := s.document()
	places := append(d.places(c.filled(o.ID)), outside(c)...)
	if len(places) < 60 {
		t.Errorf("found %d places in the document, want those of all routes", len(places))
	}
	for _, p := range places {
		for _, text := range written() {
			a := s.ask(p.put(text))
			if a.status >= 500 {
				t.Errorf("%s: got %d for %q: %s", p.name, a.status, text, a.body)
			}
			if a.status >= 400 && bytes.Contains(a.body, []byte(number)) {
				t.Errorf("%s: the refusal repeats it: %s", p.name, a.body)
			}
		}
	}
	s.settle()
	var carts []byte
	for _, row := range rows[struct{ Items string }](s, "cart", "carts") { // the cache keeps nothing on disk
		carts = append(carts, row.Items...)
	}
	s.close()

	found, files := s.search(append(spoken(), kept()...), append(traces(), o.ID)...)
	t.Logf("%d places, %d files", len(places), files)
	found.mustHold(t, o.ID, "order-1.log", "traces.jsonl", "order.db", "inventory.db", "payment.db", "shipping.db", "notification.db", "data/broker", "data/card-processor", "data/carrier")
	for _, text := range traces() {
		if len(found[text]) > 0 {
			t.Errorf("%q is in %v", text, found[text])
		}
		if bytes.Contains(carts, []byte(text)) {
			t.Errorf("%q is in a cart", text)
		}
	}
}

// filled gives valid requests of every operation, each with what must be new.
func (c *customer) filled(orderID string) func(method, path string, example map[string]any) request {
	return func(method, path string, example map[string]any) request {
		r := request{method: method, path: path, token: c.token, key: "filled-" + rand.Text()}
		for name, value := range map[string]string{"product_id": lamp, "id": "0b0e4b6c-5a5e-4b57-9d5a-2f1f0c9e7a11"} {
			if strings.Contains(path, "/orders/{id}") {
				value = orderID
			}
			if strings.Contains(path, "/products/{id}") {
				value = lamp
			}
			r.path = strings.ReplaceAll(r.path, "{"+name+"}", value)
		}
		switch method + " " + path {
		case "POST /v1/orders":
			example = asMap(c.basket(goodCard))
		case "POST /v1/users":
			example["email"] = strings.ToLower(rand.Text()) + "@example.com"
		case "PATCH /v1/me":
			example = map[string]any{"name": "Ada", "phone": "+4930123456"} // the e-mail is what one logs in with
		}
		if len(example) > 0 {
			r.body = example
		}
		return r
	}
}

// outside are the places that no document lists: headers that any request may have, names of fields, paths.
func outside(c *customer) (list []place) {
	order := func() request { return c.filled("")(http.MethodPost, "/v1/orders", nil) }
	for _, header := range []string{"X-Correlation-Id", "Tracestate", "Baggage", "User-Agent", "Cookie", "Referer", "Origin", "X-Forwarded-For", "Content-Type", "Accept", "Accept-Language", "Authorization", "If-Match"} {
		list = append(list, place{"header " + header, func(text string) request {
			r := order()
			r.header = http.Header{
				"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, // or a tracestate means nothing
				header:        {map[string]string{"Tracestate": "shop="}[header] + text},
			}
			return r
		}})
	}
	for name, traceparent := range map[string]string{
		"trace id": "00-0000000000000000" + number + "-00f067aa0ba902b7-01", "span id": "00-4bf92f3577b34da6a3ce929d0e0e4736-" + number + "-01",
	} {
		list = append(list, place{name, func(string) request {
			r := order()
			r.header = http.Header{"Traceparent": {traceparent}}
			return r
		}})
	}
	list = append(list,
		place{"idempotency key with a letter", func(text string) request {
			r := order()
			r.header = http.Header{"Idempotency-Key": {"key-" + strings.ReplaceAll(text, " ", "-")}}
			return r
		}},
		place{"key id of a token", func(text string) request {
			token := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"JWT","kid":"`+text+`"}`)) + "." +
				base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+text+`","sub":"`+text+`","exp":4102444800}`)) + ".AAAA"
			return request{method: http.MethodGet, path: "/v1/me", token: token}
		}},
		place{"name of a field", func(text string) request {
			r := order()
			r.body.(map[string]any)["n"+strings.ReplaceAll(text, " ", "-")] = "a value"
			return r
		}},
		place{"value of an unknown field", func(text string) request {
			r := order()
			r.body.(map[string]any)["card_number"] = text
			return r
		}},
		place{"a field's value as a number", func(string) request {
			r := order()
			r.body.(map[string]any)["cart_version"] = 4242424242424242
			return r
		}},
		place{"an amount", func(string) request {
			r := order()
			r.body.(map[string]any)["expected_total"] = map[string]any{"minor": 4242424242424242, "currency": "EUR"}
			return r
		}},
		place{"name of a query parameter", func(text string) request {
			return request{method: http.MethodGet, path: "/v1/products?" + url.QueryEscape("n"+text) + "=1"}
		}},
		place{"path of nothing", func(text string) request {
			return request{method: http.MethodGet, path: "/v1/" + url.PathEscape(text)}
		}},
		place{"malformed body", func(text string) request {
			return request{method: http.MethodPost, path: "/v1/cards", token: c.token, key: "malformed", body: `{"token": ` + text}
		}},
		place{"body of another type", func(text string) request {
			return request{method: http.MethodPost, path: "/v1/cards", token: c.token, key: "form", body: "token=" + text, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
		}},
		place{"webhook", func(text string) request {
			return request{method: http.MethodPost, path: "/v1/webhooks/card-processor", body: `{"id": "` + text + `"}`, header: http.Header{"Stripe-Signature": {"t=1,v1=" + text}}}
		}},
	)
	return list
}
