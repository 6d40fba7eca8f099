package e2e

import (
	"net/http"
	"strings"
	"testing"

	"stormglass/chaos/cell"
)

// TestWhatIsSaidOfACheckoutNamesNobody runs what goes well and what goes wrong, because it is errors that talk too much.
func TestWhatIsSaidOfACheckoutNamesNobody(t *testing.T) {
	t.Parallel()
	s := open(t, talkative)
	c := s.customer("Wilhelmina Zanzibar")
	secrets := map[string]string{
		"the password": password, "the card's token": goodCard, "the declined card's token": declinedCard,
		"the name": c.name, "the e-mail address": c.email, "the phone number": c.phone,
		"the street": "Harbour Road 7", "the first refresh token": c.refresh,
	}
	b := c.basket(goodCard)
	o := c.place(b)
	c.await(o.ID, "shipped")
	c.await(c.place(c.basket(declinedCard)).ID, "cancelled")

	s.ask(request{method: http.MethodPost, path: "/v1/sessions", body: map[string]string{"email": c.email, "password": password + " not"}}).must(t, http.StatusUnauthorized, nil)
	s.ask(request{method: http.MethodPost, path: "/v1/users", key: "again", body: map[string]string{"email": c.email, "password": password, "name": c.name}}).must(t, http.StatusConflict, nil)
	s.ask(request{method: http.MethodPatch, path: "/v1/me", token: c.token, body: map[string]string{"name": "Wilhelmina Zanzibar-Quokka"}}).must(t, http.StatusOK, nil)
	first := c.token
	c.renew()
	secrets["the second refresh token"] = c.refresh
	for what, token := range map[string]string{"the first access token": first, "the second access token": c.token} {
		secrets[what] = token
		secrets[what+"'s signature"] = token[strings.LastIndexByte(token, '.')+1:]
	}
	const refused = "gone-fishing@reject.example" // a mailbox that does not exist
	secrets["the address that the mailbox refuses"] = refused
	s.ask(request{method: http.MethodPost, path: "/v1/users", key: "fishing", body: map[string]string{"email": refused, "password": password, "name": "Ishmael"}}).must(t, http.StatusCreated, nil)

	s.settle()
	told(t, s, c, 5, 2)
	if got := s.unreachable(); got != 1 {
		t.Errorf("got %d messages that failed, want the one whose mailbox does not exist", got)
	}
	s.close()

	texts := []string{o.ID}
	for _, text := range secrets {
		texts = append(texts, text)
	}
	found, files := s.search(spoken(), texts...)
	if files < 18 {
		t.Errorf("searched %d files, want the log of each process and the spans", files)
	}
	found.mustHold(t, o.ID, "order-1.log", "payment-1.log", "traces.jsonl")
	found.mustNotHold(t, secrets)
}

// talkative lets every service log all it has to say.
func talkative(o *cell.Options) {
	for _, service := range []string{"gateway", "user", "product", "cart", "order", "inventory", "payment", "shipping", "notification"} {
		with(service, "LOG_LEVEL", "debug")(o)
	}
}

// unreachable counts the messages that were refused for good.
func (s *shop) unreachable() (n int) {
	s.t.Helper()
	for _, m := range rows[struct{ State string }](s, "notification", "messages") {
		if m.State == "failed" {
			n++
		}
	}
	return n
}
