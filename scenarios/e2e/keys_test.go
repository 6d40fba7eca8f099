package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"stormglass/internal/await"
)

// TestSigningKeysRotateWhileTokensOfAllOfThemAreGood lets keys change every two seconds, with tokens that live long
// enough to be shown after their key has been followed by another.
func TestSigningKeysRotateWhileTokensOfAllOfThemAreGood(t *testing.T) {
	t.Parallel()
	s := open(t, all(with("user", "KEY_ROTATION", "2s"), with("user", "KEY_ACTIVATION", "500ms"), with("user", "KEY_POLL", "100ms"), with("user", "ACCESS_TOKEN_LIFE", "1m")))
	c := s.customer("Ada Lovelace")
	tokens := map[string]string{keyOf(t, c.token): c.token}
	await.NoError(t, func() error {
		c.renew()
		tokens[keyOf(t, c.token)] = c.token
		if len(tokens) < 3 {
			return fmt.Errorf("tokens were signed by %d keys, want 3", len(tokens))
		}
		return nil
	})
	published := map[string]bool{}
	var doc struct{ Keys []struct{ Kid string } }
	s.ask(request{method: http.MethodGet, path: "/.well-known/jwks.json"}).must(t, http.StatusOK, &doc)
	for _, k := range doc.Keys {
		published[k.Kid] = true
	}
	for key, token := range tokens {
		if !published[key] {
			t.Errorf("key %s signed a token that is still good, and is not published any more", key)
		}
		c.token = token // at the gateway, and at every service behind it
		o := c.place(c.basket(goodCard))
		c.await(o.ID, "shipped")
	}
}

func TestAnExpiredTokenIsRefusedAndCanBeRefreshed(t *testing.T) {
	t.Parallel()
	s := open(t, with("user", "ACCESS_TOKEN_LIFE", "1s"))
	c := s.customer("Ada Lovelace")
	s.ask(me(c.token)).must(t, http.StatusOK, nil)
	var a answer
	await.NoError(t, func() error { // clocks that differ by a few seconds are forgiven
		if a = s.ask(me(c.token)); a.status == http.StatusOK {
			return fmt.Errorf("the token is still taken")
		}
		return nil
	})
	refused{status: http.StatusUnauthorized, reason: "token_expired", says: "/v1/sessions/refresh"}.check(t, a)
	c.renew()
	s.ask(me(c.token)).must(t, http.StatusOK, nil)
}

// renew trades the refresh token for new tokens.
func (c *customer) renew() {
	c.t.Helper()
	var next struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	c.ask(request{method: http.MethodPost, path: "/v1/sessions/refresh", body: map[string]string{"refresh_token": c.refresh}}).must(c.t, http.StatusOK, &next)
	c.token, c.refresh = next.AccessToken, next.RefreshToken
}

// keyOf gives the id of the key that signed a token.
func keyOf(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(text, &header); err != nil || header.Kid == "" {
		t.Fatalf("read header of token: %v: %s", err, text)
	}
	return header.Kid
}
