package shop

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// statement is the card processor's book, with what a story needs of it.
type statement struct {
	Intents []struct {
		ID       string
		Order    string `json:"order_id"`
		Amount   int64
		Currency string
		State    string
		Captured int64
		Refunded int64
		At       time.Time `json:"created_at"`
	}
	Refunds []struct {
		ID       string
		Order    string `json:"order_id"`
		Intent   string
		Amount   int64
		Currency string
		At       time.Time `json:"created_at"`
	}
}

// letters are the books of the mailbox and the messenger.
type letters struct {
	Messages []struct {
		ID      string // of the messenger
		MailID  string `json:"message_id"` // of the mailbox
		Channel string
		Subject string
		Title   string
		Body    string
		At      time.Time `json:"received_at"`
	}
}

// companies tells what the companies outside have written down.
func (c *chronicle) companies() error {
	var bank statement
	if err := c.Book("card-processor", &bank); err != nil {
		return err
	}
	for _, i := range bank.Intents {
		if i.Order == c.order {
			c.say(i.At, "card-processor book", "a charge over %s is begun%s", price(i.Amount, i.Currency), again)
			c.say(c.end(), "in the end", "card processor's book: charge %s is %s, took %s, gave back %s",
				short(i.ID), i.State, price(i.Captured, i.Currency), price(i.Refunded, i.Currency))
		}
	}
	for _, r := range bank.Refunds {
		if r.Order == c.order {
			c.say(r.At, "card-processor book", "%s of charge %s is given back%s", price(r.Amount, r.Currency), short(r.Intent), again)
		}
	}
	if err := c.parcels(); err != nil {
		return err
	}
	return c.mail()
}

// parcels tells what the carrier booked; a run without its books has none.
func (c *chronicle) parcels() error {
	var carrier struct {
		Parcels []struct {
			Order string    `json:"order_id"`
			State string    `json:"state"`
			At    time.Time `json:"booked_at"`
		}
	}
	if _, kept := c.Books["carrier"]; !kept {
		return nil
	}
	if err := c.Book("carrier", &carrier); err != nil {
		return err
	}
	for _, p := range carrier.Parcels {
		if p.Order == c.order {
			c.say(p.At, "carrier book", "a parcel is booked%s", again)
			c.say(c.end(), "in the end", "carrier's book: the parcel is %s", p.State)
		}
	}
	return nil
}

// mail tells what arrived of the messages that the order's events make.
func (c *chronicle) mail() error {
	events, err := c.events()
	if err != nil {
		return err
	}
	for _, company := range []string{"mailbox", "messenger"} {
		var book letters
		if err := c.Book(company, &book); err != nil {
			return err
		}
		for _, m := range book.Messages {
			event, _, _ := strings.Cut(strings.ReplaceAll(m.ID+m.MailID, "@", "."), ".")
			if events[event].ID == "" {
				continue
			}
			what := m.Channel + " “" + strings.TrimSpace(m.Title+m.Subject) + "”"
			if m.Title+m.Subject == "" {
				what = m.Channel + " “" + strings.TrimSpace(m.Body) + "”"
			}
			if company == "mailbox" {
				what = "e-mail" + what
			}
			c.say(m.At, company, "receives %s, about %s%s", what, events[event].name(), again)
		}
	}
	return nil
}

// tables tells what the services' own tables say of the order in the end.
func (c *chronicle) tables() error {
	for _, t := range []struct{ service, table, key string }{
		{"order", "orders", "id"}, {"inventory", "reservations", "order_id"}, {"payment", "payments", "order_id"}, {"shipping", "shipments", "order_id"},
	} {
		rows, err := table[map[string]any](c.Folder, t.service, t.table)
		if err != nil && t.service == "shipping" {
			continue // not every run keeps its audit
		}
		if err != nil {
			return err
		}
		i := slices.IndexFunc(rows, func(r map[string]any) bool { return r[t.key] == c.order })
		if i < 0 {
			c.say(c.end(), "in the end", "%s has no row of it in %s", t.service, t.table)
			continue
		}
		reason, _ := rows[i]["reason"].(string)
		c.say(c.end(), "in the end", "%s's table %s: %s", t.service, t.table, because(fmt.Sprint(rows[i]["state"]), reason))
	}
	return nil
}
