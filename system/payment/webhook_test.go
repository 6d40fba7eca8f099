package payment

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
)

func signed(secret string, at time.Time, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func TestOnlyFreshSignedNoticesCount(t *testing.T) {
	const body = `{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_o1"}}}`
	now := time.Now()
	for name, c := range map[string]struct{ header, body, reason string }{
		"signed":              {signed("whsec", now, body), body, ""},
		"second secret's too": {signed("old", now, body) + ",v1=" + signed("whsec", now, body)[len("t=1234567890,v1="):], body, ""},
		"changed body":        {signed("whsec", now, body), body + " ", "signature_wrong"},
		"other secret":        {signed("guess", now, body), body, "signature_wrong"},
		"replayed later":      {signed("whsec", now.Add(-tolerance-time.Minute), body), body, "signature_old"},
		"no signature":        {"", body, "signature_missing"},
		"no time":             {"v1=abcd", body, "signature_missing"},
		"signed but no event": {signed("whsec", now, "[]"), "[]", "notice_unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, storetest.SQLite(t))
			err := b.TakeNotice(t.Context(), "whsec", []byte(c.body), c.header)
			if problem.ReasonOf(err) != c.reason || (c.reason == "" && err != nil) {
				t.Errorf("got %v, want reason %q", err, c.reason)
			}
		})
	}
}

func TestNoticeEndsTheWaitOnceAndNotTheLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		for _, e := range []string{"ordered", "reserved"} {
			if err := b.hear(t.Context(), goods, e); err != nil {
				t.Fatal(err)
			}
		}
		take := func() []Payment {
			t.Helper()
			claimed, err := b.toDo.Claim(t.Context(), 1, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return claimed
		}
		claimed := take()
		claimed[0].Intent = "pi_o1"
		err := b.db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
			_, err := setIntent(ctx, tx, claimed[0])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		notice := func(id string) {
			t.Helper()
			body := fmt.Sprintf(`{"id":%q,"type":"payment_intent.succeeded","data":{"object":{"id":"pi_o1"}}}`, id)
			if err := b.TakeNotice(t.Context(), "whsec", []byte(body), signed("whsec", time.Now(), body)); err != nil {
				t.Fatal(err)
			}
		}
		notice("evt_1")
		if got := take(); len(got) != 0 {
			t.Error("a notice ended a lease")
		}
		if err := b.toDo.Release(t.Context(), claimed, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		notice("evt_1")
		if got := take(); len(got) != 0 {
			t.Error("the same notice counted twice")
		}
		notice("evt_2")
		if got := take(); len(got) != 1 {
			t.Error("a notice did not end the wait")
		}
		if code := problem.CodeOf(b.TakeNotice(t.Context(), "whsec", []byte("x"), "t=1,v1=ff")); code != problem.Denied {
			t.Errorf("forged notice: got %s", code)
		}
	})
}
