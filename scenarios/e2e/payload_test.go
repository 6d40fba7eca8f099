package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// payloads are texts that some program on the way might take for more than a text.
func payloads() []string {
	return []string{
		`Robert'); DROP TABLE orders; -- ' OR '1'='1`, `"; DELETE FROM users; $1 $$ ? :name`,
		`<script>alert(1)</script>"><img src=x onerror=alert(1)>`, `{{.}} ${7*7} <%= 7*7 %> %s%n%d`,
		`../../etc/passwd {"$gt": ""} a* OR b~ +title:lamp AND (`, `Ünïcödé 漢字 🦊 back\slash and "quotes"`,
	}
}

// TestTextIsDataWhereverAClientPutsIt sends each payload in every place there is: nothing may break, and what is taken
// is given back as it came.
func TestTextIsDataWhereverAClientPutsIt(t *testing.T) {
	t.Parallel()
	s := open(t, all(with("gateway", "RATE_LIMIT_USER", "10000"), with("gateway", "RATE_LIMIT_ADDRESS", "10000")))
	comesBack(t, s)
	c := s.customer("Ada Lovelace")
	c.staff()
	o := c.place(c.basket(goodCard))
	c.await(o.ID, "shipped")

	taken := 0
	for _, p := range s.document().places(c.filled(o.ID)) {
		for _, text := range payloads() {
			r := p.put(text)
			if strings.Contains(p.name, " header ") && strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
				continue // HTTP has no such headers
			}
			if strings.HasSuffix(r.path, "/events") {
				continue // a stream that an order of this name would have
			}
			a := s.ask(r)
			if a.status >= 500 {
				t.Errorf("%s: got %d for %q: %s", p.name, a.status, text, a.body)
			}
			if a.status >= 400 {
				a.refusal(t)
			} else {
				taken++
			}
		}
	}
	if taken < 50 {
		t.Errorf("%d of the requests were taken: the places were hardly reached", taken)
	}
	c.logIn()
	last := c.place(c.basket(goodCard)) // all that is needed for an order is still there
	c.await(last.ID, "shipped")
	s.settle()
}

// comesBack checks that the shop gives every payload back as it was sent, in answers and in letters.
func comesBack(t *testing.T, s *shop) {
	t.Helper()
	orders := map[string]order{}
	customers := map[string]*customer{}
	for _, text := range payloads() {
		c := s.customer(text)
		b := c.basket(goodCard)
		b.Address = address{Name: text, Street: text, Postcode: text, City: text, Country: "DE"}
		if got := c.keepAddress(b.Address); got != b.Address {
			t.Errorf("address: got %+v, want %+v", got, b.Address)
		}
		customers[text], orders[text] = c, c.place(b)
	}
	for text, c := range customers {
		var profile struct{ Name string }
		s.ask(request{method: http.MethodGet, path: "/v1/me", token: c.token}).must(t, http.StatusOK, &profile)
		if profile.Name != text {
			t.Errorf("profile: got %q, want %q", profile.Name, text)
		}
		c.await(orders[text].ID, "shipped")
		var page struct{ Order struct{ Address address } }
		s.ask(request{method: http.MethodGet, path: "/v1/orders/" + orders[text].ID, token: c.token}).must(t, http.StatusOK, &page)
		if want := (address{text, text, text, text, "DE"}); page.Order.Address != want {
			t.Errorf("order's address: got %+v, want %+v", page.Order.Address, want)
		}
		told(t, s, c, 4, 2)
		for _, l := range s.mail(c.email) {
			if strings.Contains(l.Subject+l.Body, text) || len(l.To) != 1 { // nobody has proven that the address is theirs
				t.Errorf("letter %q to %v: it carries what the customer gave as a name:\n%s", l.Subject, l.To, l.Body)
			}
		}
	}
}

// keepAddress puts an address into the customer's book and gives it as it is read again.
func (c *customer) keepAddress(a address) address {
	c.t.Helper()
	const id = "0b0e4b6c-5a5e-4b57-9d5a-2f1f0c9e7a11"
	c.ask(request{method: http.MethodPut, path: "/v1/me/addresses/" + id, token: c.token, body: a}).must(c.t, http.StatusOK, nil)
	var book struct{ Addresses []json.RawMessage }
	c.ask(request{method: http.MethodGet, path: "/v1/me/addresses", token: c.token}).must(c.t, http.StatusOK, &book)
	if len(book.Addresses) != 1 {
		c.t.Fatalf("address book: got %s, want the one address", book.Addresses)
	}
	var kept address
	if err := json.Unmarshal(book.Addresses[0], &kept); err != nil {
		c.t.Fatal(err)
	}
	return kept
}
