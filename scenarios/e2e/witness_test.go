package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"stormglass/internal/await"
)

// intent is a charge in the card processor's ledger, which knows nothing of what the shop believes.
type intent struct {
	OrderID  string `json:"order_id"`
	State    string
	Amount   int64
	Captured int64
	Refunded int64
}

// kept is the money that the processor still has of the charge, in minor units.
func (i intent) kept() int64 { return i.Captured - i.Refunded }

// letter is an e-mail in the mailbox.
type letter struct {
	MessageID string `json:"message_id"`
	To        []string
	Subject   string
	Body      string
	Headers   map[string][]string
}

// note is a text or push message in the messenger's book.
type note struct{ Channel, ID, To, Body string }

// parcel is a booking in the carrier's book.
type parcel struct {
	OrderID        string `json:"order_id"`
	TrackingNumber string `json:"tracking_number"`
}

// read asks for a page of one instance and reads the JSON in it.
func (s *shop) read(instance, port, path string, into any) error {
	url := "http://" + s.instance(instance).Addrs[port] + path
	resp, err := s.web.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s: %s", url, resp.Status, text)
	}
	return json.Unmarshal(text, into)
}

// books reads what a company outside has written down.
func (s *shop) books(unit string, into any) {
	s.t.Helper()
	if err := s.read(unit+"-1", "http", "/books", into); err != nil {
		s.t.Fatal(err)
	}
}

// charges are the ledger's of one order, or all of them for "".
func (s *shop) charges(order string) []intent {
	s.t.Helper()
	var b struct{ Intents []intent }
	s.books("card-processor", &b)
	return slices.DeleteFunc(b.Intents, func(i intent) bool { return order != "" && i.OrderID != order })
}

// mail is what arrived for an address.
func (s *shop) mail(to string) []letter {
	s.t.Helper()
	var b struct{ Messages []letter }
	s.books("mailbox", &b)
	return slices.DeleteFunc(b.Messages, func(l letter) bool { return !slices.Contains(l.To, to) })
}

// notes are the messages by text and push to somebody.
func (s *shop) notes(to ...string) []note {
	s.t.Helper()
	var b struct{ Messages []note }
	s.books("messenger", &b)
	return slices.DeleteFunc(b.Messages, func(n note) bool { return !slices.Contains(to, n.To) })
}

// parcels are those of one order, or all of them for "".
func (s *shop) parcels(order string) []parcel {
	s.t.Helper()
	var b struct{ Parcels []parcel }
	s.books("carrier", &b)
	return slices.DeleteFunc(b.Parcels, func(p parcel) bool { return order != "" && p.OrderID != order })
}

// rows are a table of a service's audit.
func rows[R any](s *shop, service, table string) []R {
	s.t.Helper()
	var all struct{ Tables map[string]json.RawMessage }
	err := s.read(service+"-1", "admin", "/audit", &all)
	if err == nil && all.Tables[table] == nil {
		err = fmt.Errorf("the audit of %s has no table %s", service, table)
	}
	var list []R
	if err == nil {
		err = json.Unmarshal(all.Tables[table], &list)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// stock is inventory's row of one product.
type stock struct {
	Product   string `json:"product_id"`
	Received  int64
	Available int64
	Reserved  int64
	Sold      int64
}

func (s *shop) stock(product string) stock {
	s.t.Helper()
	for _, row := range rows[stock](s, "inventory", "stock") {
		if row.Product == product {
			return row
		}
	}
	s.t.Fatalf("inventory has no %s", product)
	return stock{}
}

// reservation is the state of an order's stock in inventory's own table.
func (s *shop) reservation(order string) string {
	s.t.Helper()
	type reservation struct {
		OrderID string `json:"order_id"`
		State   string
	}
	for _, r := range rows[reservation](s, "inventory", "reservations") {
		if r.OrderID == order {
			return r.State
		}
	}
	return "none"
}

// told waits until somebody has got so many letters and other messages.
func told(t *testing.T, s *shop, c *customer, letters, notes int) {
	t.Helper()
	await.NoError(t, func() error {
		if mail, other := s.mail(c.email), s.notes(c.id, c.phone); len(mail) != letters || len(other) != notes {
			return fmt.Errorf("told by %d letters %v and %d other messages %v, want %d and %d", len(mail), subjects(mail), len(other), other, letters, notes)
		}
		return nil
	})
}

func subjects(mail []letter) (list []string) {
	for _, l := range mail {
		list = append(list, l.Subject)
	}
	return list
}
