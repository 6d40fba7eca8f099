package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"
)

// visit is what the table of bad input needs to have gone before: a customer with an order, and another one.
type visit struct {
	*customer
	stranger *customer
	basket   basket
	order    order
	key      string // with which the order was placed
}

func visited(t *testing.T) *visit {
	t.Helper()
	s := open(t, nil)
	v := &visit{customer: s.customer("Ada Lovelace"), stranger: s.customer("Grace Hopper"), key: "the-first-order"}
	v.basket = v.customer.basket(goodCard)
	v.ask(request{method: http.MethodPost, path: "/v1/orders", token: v.token, key: v.key, body: v.basket}).must(t, http.StatusAccepted, &v.order)
	v.card(goodCard)
	return v
}

// checkout is an order's request with one thing changed.
func (v *visit) checkout(key string, change func(*basket)) request {
	b := v.basket
	if change != nil {
		change(&b)
	}
	return request{method: http.MethodPost, path: "/v1/orders", token: v.token, key: key, body: b}
}

// item is a request that puts a lamp into the cart.
func (v *visit) item(body any) request {
	return request{method: http.MethodPut, path: "/v1/cart/items/" + lamp, token: v.token, body: body}
}

// me is a request that needs a token, with this one.
func me(token string) request { return request{method: http.MethodGet, path: "/v1/me", token: token} }

func (v *visit) account(key string, change map[string]any) request {
	body := map[string]any{"email": "new@example.com", "password": password, "name": "New"}
	for field, value := range change {
		body[field] = value
	}
	return request{method: http.MethodPost, path: "/v1/users", key: key, body: body}
}

// refused is what a bad request must get.
type refused struct {
	request
	status int
	reason string
	says   string // a part of the sentence, which tells what to do
}

func TestBadInputGetsAProblemToActOn(t *testing.T) {
	t.Parallel()
	v := visited(t)
	large := strings.Repeat("x", 1<<20)
	get := func(path string) request { return request{method: http.MethodGet, path: path, token: v.token} }
	post := func(path, key string, body any) request {
		return request{method: http.MethodPost, path: path, token: v.token, key: key, body: body}
	}
	as := func(contentType string, r request) request {
		r.header = http.Header{"Content-Type": {contentType}}
		return r
	}
	for name, c := range map[string]refused{
		"unknown product":              {get("/v1/products/no-such-lamp"), 404, "product_not_found", "no such product"},
		"unknown product in the cart":  {request{method: "PUT", path: "/v1/cart/items/no-such-lamp", token: v.token, body: `{"quantity":1}`}, 404, "product_not_found", "no such product"},
		"quantity 0":                   {v.item(`{"quantity":0}`), 400, "invalid_fields", "quantity: "},
		"quantity negative":            {v.item(`{"quantity":-1}`), 400, "invalid_fields", "quantity: "},
		"quantity absurd":              {v.item(`{"quantity":1000000000000}`), 400, "invalid_fields", "quantity: "},
		"quantity beyond numbers":      {v.item(`{"quantity":1e999}`), 400, "malformed_json", "out of range"},
		"quantity a fraction":          {v.item(`{"quantity":1.5}`), 400, "invalid_fields", "quantity: "},
		"quantity a text":              {v.item(`{"quantity":"1"}`), 400, "invalid_fields", "quantity: "},
		"quantity missing":             {v.item(`{}`), 400, "invalid_fields", "quantity: is required"},
		"unknown field":                {v.item(`{"quantity":1,"price":1}`), 400, "invalid_fields", "price: there is no such field"},
		"malformed JSON":               {v.item(`{"quantity":`), 400, "malformed_json", "byte"},
		"JSON and more":                {v.item(`{"quantity":1} {}`), 400, "malformed_json", "byte"},
		"a list":                       {v.item(`[1]`), 400, "invalid_fields", "body"},
		"no body":                      {request{method: "PUT", path: "/v1/cart/items/" + lamp, token: v.token}, 400, "body_missing", "JSON body"},
		"text for JSON":                {as("text/plain", v.item(`{"quantity":1}`)), 415, "unsupported_media_type", "application/json"},
		"a form for JSON":              {as("application/x-www-form-urlencoded", v.item("quantity=1")), 415, "unsupported_media_type", "application/json"},
		"JSON in Latin-1":              {as("application/json; charset=iso-8859-1", v.item(`{"quantity":1}`)), 415, "unsupported_media_type", "UTF-8"},
		"no content type":              {request{method: "PUT", path: "/v1/cart/items/" + lamp, token: v.token, body: `{"quantity":1}`, header: http.Header{"Content-Type": nil}}, 415, "unsupported_media_type", "application/json"},
		"body over 1 MiB":              {post("/v1/cards", "k", `{"token":"`+large+`"}`), 413, "body_too_large", "1 MiB"},
		"body over 1 MiB, unannounced": {post("/v1/cards", "k", io.MultiReader(strings.NewReader(`{"token":"`+large), strings.NewReader(`"}`))), 413, "body_too_large", "1 MiB"},

		"empty cart":                    {request{method: "POST", path: "/v1/orders", token: v.stranger.token, key: "empty", body: v.basket}, 409, "cart_empty", "put something into it"},
		"cart that changed":             {v.checkout("moved", func(b *basket) { b.Version++ }), 409, "cart_", ""},
		"key missing for an order":      {v.checkout("", nil), 400, "invalid_fields", "Idempotency-Key: is required"},
		"key missing for a card":        {post("/v1/cards", "", `{"token":"pm_card_visa"}`), 400, "invalid_fields", "Idempotency-Key: is required"},
		"key missing for an account":    {v.account("", nil), 400, "invalid_fields", "Idempotency-Key: is required"},
		"key too long":                  {v.checkout(strings.Repeat("k", 201), nil), 400, "invalid_fields", "Idempotency-Key"},
		"key of another order":          {v.checkout(v.key, func(b *basket) { b.Address.City = "Bremen" }), 409, "idempotency_key_reused", "new key"},
		"key of another card":           {v.registered(t, "one-card", goodCard, declinedCard), 409, "idempotency_key_reused", "new key"},
		"key of another account":        {v.registeredAs(t, "one-account"), 409, "idempotency_key_reused", "new key"},
		"e-mail that is taken":          {v.account("taken", map[string]any{"email": v.email}), 409, "email_taken", "log in"},
		"e-mail that is none":           {v.account("none", map[string]any{"email": "ada at example"}), 400, "invalid_fields", "email: "},
		"e-mail with a line break":      {v.account("break", map[string]any{"email": "a@example.com\r\nBcc: b@example.com"}), 400, "invalid_fields", "email: "},
		"name with a line break":        {v.account("name", map[string]any{"name": "Ada\r\nBcc: b@example.com"}), 400, "invalid_fields", "name: "},
		"password too short":            {v.account("short", map[string]any{"password": "short"}), 400, "invalid_fields", "password: "},
		"phone number that is none":     {v.account("phone", map[string]any{"phone": "call me"}), 400, "invalid_fields", "phone: "},
		"wrong password":                {request{method: "POST", path: "/v1/sessions", body: map[string]string{"email": v.email, "password": "not this one"}}, 401, "credentials_wrong", "no account"},
		"refresh token of nobody":       {request{method: "POST", path: "/v1/sessions/refresh", body: `{"refresh_token":"nobodys"}`}, 401, "refresh_token_invalid", "log in"},
		"total that nobody asks":        {v.checkout("negative", func(b *basket) { b.Total.Minor = -1 }), 400, "invalid_fields", "expected_total.minor: "},
		"country in words":              {v.checkout("country", func(b *basket) { b.Address.Country = "Germany" }), 400, "invalid_fields", "address.country: "},
		"street missing":                {v.checkout("street", func(b *basket) { b.Address.Street = "" }), 400, "invalid_fields", "address.street: "},
		"card number for a token":       {post("/v1/cards", "number", `{"token":"4242424242424242"}`), 400, "card_number_refused", "pm_"},
		"card number with spaces":       {post("/v1/cards", "number", `{"token":"5555 5555 5555 4444"}`), 400, "card_number_refused", "pm_"},
		"card number as a number":       {post("/v1/cards", "number", `{"token":378282246310005}`), 400, "card_number_refused", "pm_"},
		"token of another processor":    {post("/v1/cards", "other", `{"token":"tok_visa"}`), 400, "invalid_fields", "pm_"},
		"no token":                      {me(""), 401, "token_missing", "log in"},
		"token that is none":            {me("nonsense"), 401, "token_invalid", "log in"},
		"token with another signature":  {me(v.token[:len(v.token)-6] + "AAAAAA"), 401, "token_invalid", "log in"},
		"token with another content":    {me(tampered(t, v.token)), 401, "token_invalid", "log in"},
		"token of alg none":             {me(forged(v.id, "none", nil)), 401, "token_invalid", "log in"},
		"token of alg none, no suffix":  {me(strings.TrimSuffix(forged(v.id, "none", nil), ".")), 401, "token_invalid", "log in"},
		"token signed by the known key": {me(forged(v.id, "HS256", publicKey(t, v.shop))), 401, "token_invalid", "log in"},
		"two tokens":                    {request{method: "GET", path: "/v1/me", header: http.Header{"Authorization": {"Bearer " + v.token, "Bearer " + v.token}}}, 401, "token_malformed", "one header"},
		"another scheme":                {request{method: "GET", path: "/v1/me", header: http.Header{"Authorization": {"Basic YWRhOmFkYQ=="}}}, 401, "token_malformed", "Bearer"},
		"somebody else's order":         {request{method: "GET", path: "/v1/orders/" + v.order.ID, token: v.stranger.token}, 404, "order_not_found", "of yours"},
		"somebody else's cancellation":  {request{method: "POST", path: "/v1/orders/" + v.order.ID + "/cancel", token: v.stranger.token}, 404, "order_not_found", "of yours"},
		"somebody else's events":        {request{method: "GET", path: "/v1/orders/" + v.order.ID + "/events", token: v.stranger.token}, 404, "order_not_found", "of yours"},
		"staff's price":                 {request{method: "PUT", path: "/v1/products/" + lamp + "/price", token: v.token, body: `{"price":{"minor":1,"currency":"EUR"}}`}, 403, "role_missing", "staff"},
		"staff's stock":                 {post("/v1/products/"+lamp+"/stock", "stock", `{"quantity":1,"delivery_note":"LS-1"}`), 403, "role_missing", "staff"},
		"page 0":                        {get("/v1/products?page=0"), 400, "invalid_fields", "page: "},
		"page of a million":             {get("/v1/products?page_size=1000000"), 400, "invalid_fields", "page_size: "},
		"sorted by SQL":                 {get("/v1/products?sort=price;drop+table"), 400, "invalid_fields", "sort: "},
		"unknown parameter":             {get("/v1/products?colour=red"), 400, "invalid_fields", "colour: "},
		"page token that is none":       {get("/v1/orders?page_token=nonsense"), 400, "", "page_token"},
		"no UTF-8":                      {get("/v1/products?text=%ff"), 400, "malformed_url", "UTF-8"},
		"unknown path":                  {get("/v1/nothing"), 404, "no_such_route", "/docs"},
		"unknown method":                {request{method: "PATCH", path: "/v1/orders", token: v.token, body: `{}`}, 405, "method_not_allowed", "GET, POST"},
		"webhook without a signature":   {request{method: "POST", path: "/v1/webhooks/card-processor", body: `{}`}, 400, "invalid_fields", "Stripe-Signature"},
		"webhook of somebody else":      {request{method: "POST", path: "/v1/webhooks/card-processor", body: `{}`, header: http.Header{"Stripe-Signature": {"t=1,v1=00"}}}, 403, "signature_wrong", "secret"},
	} {
		t.Run(name, func(t *testing.T) { c.check(t, v.ask(c.request)) })
	}
}

// check holds an answer against what it must be.
func (c refused) check(t *testing.T, a answer) {
	t.Helper()
	p := a.refusal(t)
	if a.status != c.status || p.Status != c.status || !strings.HasPrefix(p.Reason, c.reason) || p.Reason == "" {
		t.Errorf("got %d %s, want %d %s: %s", a.status, p.Reason, c.status, c.reason, a.body)
	}
	if !strings.Contains(p.Detail, c.says) || strings.Count(p.Detail, " ") < 2 {
		t.Errorf("detail: got %q, want a sentence with %q", p.Detail, c.says)
	}
	if strings.ContainsFunc(p.Reason, func(r rune) bool { return r != '_' && !unicode.IsLower(r) }) {
		t.Errorf("reason: got %q, want a word for programs", p.Reason)
	}
	if a.header.Get("X-Correlation-Id") == "" {
		t.Error("the answer does not say by which id the logs know the request")
	}
	if a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Error("the answer does not say how to authenticate")
	}
}

// registered uses a key for one card, and gives the request that uses it for another.
func (v *visit) registered(t *testing.T, key, token, another string) request {
	t.Helper()
	r := request{method: http.MethodPost, path: "/v1/cards", token: v.token, key: key, body: map[string]string{"token": token}}
	v.ask(r).must(t, http.StatusCreated, nil)
	r.body = map[string]string{"token": another}
	return r
}

// registeredAs uses a key for one account, and gives the request that uses it for another.
func (v *visit) registeredAs(t *testing.T, key string) request {
	t.Helper()
	v.ask(v.account(key, map[string]any{"email": "first@example.com"})).must(t, http.StatusCreated, nil)
	return v.account(key, map[string]any{"email": "second@example.com"})
}

// forged makes a token that nobody issued, signed with a secret by HMAC or, without one, not at all.
func forged(user, algorithm string, secret []byte) string {
	text := segment(fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, algorithm)) + "." + segment(fmt.Sprintf(`{"iss":"stormglass-shop","sub":%q,"exp":4102444800,"roles":["staff"]}`, user))
	if secret == nil {
		return text + "."
	}
	mac := hmac.New(sha256.New, secret)
	io.WriteString(mac, text) // a hash never fails to write
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func segment(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// tampered gives a token its owner another role, and keeps the signature.
func tampered(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	content, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return parts[0] + "." + segment(string(bytes.Replace(content, []byte("{"), []byte(`{"roles":["staff"],`), 1))) + "." + parts[2]
}

// publicKey is what everybody may know of the signing key: a verifier that takes any algorithm would take it as a secret.
func publicKey(t *testing.T, s *shop) []byte {
	t.Helper()
	var doc struct{ Keys []struct{ X string } }
	if err := json.Unmarshal(s.ask(request{method: http.MethodGet, path: "/.well-known/jwks.json"}).must(t, http.StatusOK, nil).body, &doc); err != nil || len(doc.Keys) == 0 {
		t.Fatalf("read public keys: %v, %d keys", err, len(doc.Keys))
	}
	key, err := base64.RawURLEncoding.DecodeString(doc.Keys[0].X)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
