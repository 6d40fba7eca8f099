package gateway

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	orderv1 "stormglass/system/api/order/v1"
	"stormglass/system/platform/auth"
)

func TestOnlyOurOwnTokensOpenTheDoor(t *testing.T) {
	d := newDesk(t)
	good := d.token("u1")
	parts := strings.Split(good, ".")
	encode := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	sign := func(k auth.Key, life time.Duration) string {
		token, err := auth.Sign(k, auth.Identity{UserID: "u1"}, time.Now(), life)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	none := encode(map[string]string{"alg": "none", "typ": "JWT", "kid": "k1"})
	hmac := encode(map[string]string{"alg": "HS256", "typ": "JWT", "kid": "k1"})
	claims := encode(map[string]any{"iss": auth.Issuer, "sub": "u2", "roles": []string{"staff"}, "exp": time.Now().Add(time.Hour).Unix()})
	for name, c := range map[string]struct{ authorization, reason string }{
		"no token":                  {"", "token_missing"},
		"no word after Bearer":      {"Bearer", "token_malformed"},
		"another scheme":            {"Basic dXNlcjpwYXNz", "token_malformed"},
		"two words after Bearer":    {"Bearer " + good + " " + good, "token_malformed"},
		"no scheme":                 {good, "token_malformed"},
		"not a token":               {"Bearer abc", "token_invalid"},
		"algorithm none":            {"Bearer " + none + "." + parts[1] + ".", "token_invalid"},
		"algorithm none, signature": {"Bearer " + none + "." + claims + "." + parts[2], "token_invalid"},
		"algorithm HS256":           {"Bearer " + hmac + "." + claims + "." + parts[2], "token_invalid"},
		"claims exchanged":          {"Bearer " + parts[0] + "." + claims + "." + parts[2], "token_invalid"},
		"signature cut off":         {"Bearer " + parts[0] + "." + parts[1] + ".", "token_invalid"},
		"signed by somebody else":   {"Bearer " + sign(newKey(t), time.Minute), "token_invalid"},
		"expired":                   {"Bearer " + sign(d.fakes.key, -time.Minute), "token_expired"},
		"good":                      {"Bearer " + good, ""},
		"good, lower case":          {"bearer " + good, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.send(request{path: "/v1/me", header: map[string]string{"Authorization": c.authorization}})
			if c.reason == "" {
				got.want(t, http.StatusOK)
				return
			}
			wantProblem(t, got, http.StatusUnauthorized, c.reason)
			if challenge := got.header.Get("WWW-Authenticate"); challenge != "Bearer" {
				t.Errorf("got WWW-Authenticate %q, want Bearer", challenge)
			}
		})
	}
}

func TestStaffRoutesAreClosedToCustomers(t *testing.T) {
	d := newDesk(t)
	price := request{method: "PUT", path: "/v1/products/" + lamp + "/price", body: `{"price":{"minor":1,"currency":"EUR"}}`, token: d.token("u1")}
	wantProblem(t, d.send(price), http.StatusForbidden, "role_missing")
	if n := d.fakes.called("ChangePrice"); n != 0 {
		t.Errorf("ChangePrice was called %d times", n)
	}
}

func TestExpiredTokenDoesNotKeepItsOwnerFromRefreshing(t *testing.T) {
	d := newDesk(t)
	d.send(request{method: "POST", path: "/v1/sessions/refresh", body: `{"refresh_token":"r1"}`, header: map[string]string{"Authorization": "Bearer nonsense"}}).want(t, 200)
}

func TestIdentityTravelsOnToTheServices(t *testing.T) {
	d := newDesk(t)
	if got := d.send(request{path: "/v1/me", token: d.token("u77")}).want(t, 200).at("user_id"); got != "u77" {
		t.Errorf("user saw %v, want u77", got)
	}
	d.send(request{method: "POST", path: "/v1/orders", token: d.token("u1"), header: keyed, body: checkoutBody}).want(t, 202)
	if _, ok := d.fakes.last("CreateOrder").(*orderv1.CreateOrderRequest); !ok {
		t.Error("order saw no request")
	}
}

func TestTokensAreVerifiedWhileTheUserServiceIsAway(t *testing.T) {
	d := newDesk(t)
	token := d.token("u1")
	d.send(request{path: "/v1/cart", token: token}).want(t, 200)
	d.fakes.away("user", true)
	d.send(request{path: "/v1/cart", token: token}).want(t, 200)
}
