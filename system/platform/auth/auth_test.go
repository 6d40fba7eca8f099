package auth_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

func newKey(t *testing.T, id string) auth.Key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Key{ID: id, Private: private}
}

func document(t *testing.T, keys ...auth.Key) []byte {
	t.Helper()
	public := auth.PublicKeys{}
	for _, k := range keys {
		public[k.ID] = k.Private.Public().(ed25519.PublicKey)
	}
	doc, err := auth.MarshalJWKS(public)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func sign(t *testing.T, k auth.Key, ttl time.Duration) string {
	t.Helper()
	token, err := auth.Sign(k, auth.Identity{UserID: "u1", Roles: []string{"staff"}}, time.Now(), ttl)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerifierTellsGoodTokensFromBad(t *testing.T) {
	good, foreign := newKey(t, "k1"), newKey(t, "k1")
	doc := document(t, good)
	v := auth.NewVerifier(telemetry.Discard("order"), func(context.Context) ([]byte, error) { return doc, nil })
	payload := strings.Split(sign(t, good, time.Hour), ".")[1]
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"k1"}`)) + "." + payload + "."
	for name, c := range map[string]struct{ token, reason string }{
		"signed by us":   {sign(t, good, time.Hour), ""},
		"expired":        {sign(t, good, -time.Minute), "token_expired"},
		"foreign key":    {sign(t, foreign, time.Hour), "token_invalid"},
		"unknown key id": {sign(t, newKey(t, "k9"), time.Hour), "token_invalid"},
		"algorithm none": {none, "token_invalid"},
		"not a token":    {"abc", "token_invalid"},
		"empty":          {"", "token_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			i, err := v.Verify(t.Context(), c.token)
			if problem.ReasonOf(err) != c.reason {
				t.Fatalf("got %v, want reason %q", err, c.reason)
			}
			if err == nil && (i.UserID != "u1" || !i.Has("staff")) {
				t.Errorf("got identity %+v", i)
			}
		})
	}
}

func TestRotatedKeyIsFetchedOnDemandAndOldOnesOutliveAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newKey(t, "k1"), newKey(t, "k2")
		doc, away := document(t, first), false
		v := auth.NewVerifier(telemetry.Discard("order"), func(context.Context) ([]byte, error) {
			if away {
				return nil, errors.New("signer is away")
			}
			return doc, nil
		})
		verify := func(k auth.Key, wantCode problem.Code) {
			t.Helper()
			if _, err := v.Verify(t.Context(), sign(t, k, time.Hour)); problem.CodeOf(err) != wantCode {
				t.Errorf("%s: got %v, want %s", k.ID, err, wantCode)
			}
			time.Sleep(time.Second)
		}
		verify(first, problem.OK)
		doc = document(t, first, second)
		verify(second, problem.OK)
		away = true
		verify(first, problem.OK)
		verify(newKey(t, "k3"), problem.Unavailable)
		away = false
		verify(newKey(t, "k3"), problem.Unauthenticated)
	})
}

func TestRememberedTokensExpireAndAreForgottenWithTheirKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newKey(t, "k1"), newKey(t, "k2")
		doc := document(t, first)
		v := auth.NewVerifier(telemetry.Discard("order"), func(context.Context) ([]byte, error) { return doc, nil })
		verify := func(what, token, want string) {
			t.Helper()
			if _, err := v.Verify(t.Context(), token); problem.ReasonOf(err) != want {
				t.Errorf("%s: got %v, want reason %q", what, err, want)
			}
		}
		short, long := sign(t, first, time.Minute), sign(t, first, time.Hour)
		for range 2 {
			verify("good", short, "")
			verify("good", long, "")
		}
		time.Sleep(2 * time.Minute)
		verify("expired while remembered", short, "token_expired")
		doc = document(t, second) // the first key is withdrawn
		if err := v.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		verify("withdrawn key", long, "token_invalid")
	})
}
