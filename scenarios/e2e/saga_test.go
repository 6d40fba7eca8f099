package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"stormglass/internal/await"
)

// shelf gives a product that no other case touches, with what inventory has of it.
func (s *shop) shelf(suits func(stock) bool) stock {
	s.t.Helper()
	all := rows[stock](s, "inventory", "stock")
	i := slices.IndexFunc(all, func(row stock) bool { return row.Reserved == 0 && row.Sold == 0 && row.Product != lamp && suits(row) })
	if i < 0 {
		s.t.Fatalf("none of %d products suits", len(all))
	}
	return all[i]
}

// errand is an order that goes one way or another.
type errand struct {
	card    string
	country string
	pieces  func(stock) int
	during  func(t *testing.T, c *customer, o order) // what happens while it is under way

	state, reason string
	reservation   string
	payment       string // the payment's last state; empty when there is none
	charges       int    // in the processor's ledger
	letters       []string
}

const onePiece = 1

func one(stock) int { return onePiece }

// sold says whether the goods and the money have changed hands.
func (e errand) sold() bool { return e.state == "shipped" }

func TestEveryOrderEndsWithGoodsAndMoneyWhereTheyBelong(t *testing.T) {
	t.Parallel()
	s := open(t, with("carrier", "DISPATCH_AFTER", "300ms"))
	for name, e := range map[string]errand{
		"all goes well": {
			card: goodCard, country: "DE", pieces: one,
			state: "shipped", reservation: "committed", payment: "completed", charges: 1, letters: []string{"confirmed", "Receipt", "on its way"},
		},
		"out of stock": {
			card: goodCard, country: "DE", pieces: func(row stock) int { return int(row.Available) + 1 },
			state: "cancelled", reason: "out_of_stock", reservation: "released", payment: "cancelled", letters: []string{"cancelled"},
		},
		"card declined": {
			card: declinedCard, country: "DE", pieces: one,
			state: "cancelled", reason: "payment_declined", reservation: "released", payment: "failed", charges: 1, letters: []string{"cancelled"},
		},
		"refused by the carrier after the charge": {
			card: goodCard, country: "AQ", pieces: one,
			state: "cancelled", reason: "shipment_failed", reservation: "released", payment: "refunded", charges: 1, letters: []string{"confirmed", "Receipt", "cancelled", "Refund"},
		},
		"cancelled by the customer in time": {
			card: goodCard, country: "DE", pieces: one, during: cancelInTime,
			state: "cancelled", reason: "customer", reservation: "released", payment: "cancelled", letters: []string{"cancelled"},
		},
		"cancelled by the customer too late": {
			card: goodCard, country: "DE", pieces: one, during: cancelTooLate,
			state: "shipped", reservation: "committed", payment: "completed", charges: 1, letters: []string{"confirmed", "Receipt", "on its way"},
		},
		"processor needs to be asked again": {
			card: retryCard, country: "DE", pieces: one,
			state: "shipped", reservation: "committed", payment: "completed", charges: 1, letters: []string{"confirmed", "Receipt", "on its way"},
		},
		"processor is slow": {
			card: slowCard, country: "DE", pieces: one,
			state: "shipped", reservation: "committed", payment: "completed", charges: 1, letters: []string{"confirmed", "Receipt", "on its way"},
		},
		"somebody else's card": {
			card: "", country: "DE", pieces: one,
			state: "cancelled", reason: "payment_declined", reservation: "released", payment: "failed", letters: []string{"cancelled"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inner := *s
			inner.t = t
			e.run(t, &inner)
		})
	}
}

// run places the order and looks at all that came of it.
func (e errand) run(t *testing.T, s *shop) {
	c := s.customer("Ada Lovelace")
	before := s.shelf(func(row stock) bool { return row.Available < 99 }) // no line of a cart may hold more
	pieces := e.pieces(before)
	filled := c.fill(before.Product, pieces)
	b := basket{Version: filled.Version, Total: filled.Total, Address: address{"Ada Lovelace", "Harbour Road 7", "20457", "Hamburg", e.country}}
	if e.card == "" {
		b.CardRef = s.customer("Grace Hopper").card(goodCard)
	} else {
		b.CardRef = c.card(e.card)
	}
	if e.during != nil && e.state == "cancelled" {
		pause(t, s, "inventory-1")
	}
	o := c.place(b)
	if e.during != nil {
		e.during(t, c, o)
	}
	p := c.await(o.ID, e.state)
	s.settle()
	await.NoError(t, func() error { // the last step may be the money's way back
		if p = c.page(o.ID); p.Payment == nil || p.Payment.State != e.payment {
			return fmt.Errorf("payment is %+v, want %s", p.Payment, e.payment)
		}
		return nil
	})
	if p.Order.State != e.state || p.Order.Reason != e.reason {
		t.Errorf("order: got %s (%s), want %s (%s)", p.Order.State, p.Order.Reason, e.state, e.reason)
	}
	e.goods(t, s, p, before, int64(pieces))
	e.money(t, s, o)
	e.mail(t, s, c)
}

func (e errand) goods(t *testing.T, s *shop, page orderPage, before stock, pieces int64) {
	t.Helper()
	if got := s.reservation(page.Order.ID); got != e.reservation {
		t.Errorf("reservation: got %s, want %s", got, e.reservation)
	}
	want := before
	if e.sold() {
		want.Available, want.Sold = before.Available-pieces, before.Sold+pieces
	}
	if got := s.stock(before.Product); got != want {
		t.Errorf("stock: got %+v, want %+v", got, want)
	}
	parcels := s.parcels(page.Order.ID)
	if (len(parcels) == 1) != e.sold() || len(parcels) > 1 {
		t.Errorf("carrier: got %d parcels of an order that is %s", len(parcels), e.state)
	}
	if e.sold() && (page.Shipment == nil || page.Shipment.TrackingNumber != parcels[0].TrackingNumber) {
		t.Errorf("shipment: got %+v, want the carrier's %+v", page.Shipment, parcels[0])
	}
}

func (e errand) money(t *testing.T, s *shop, o order) {
	t.Helper()
	charges := s.charges(o.ID)
	var kept int64
	for _, i := range charges {
		kept += i.kept()
	}
	want := int64(0)
	if e.sold() {
		want = o.Total.Minor
	}
	if len(charges) != e.charges || kept != want {
		t.Errorf("ledger: got %+v, want %d charges that keep %d", charges, e.charges, want)
	}
}

func (e errand) mail(t *testing.T, s *shop, c *customer) {
	t.Helper()
	want := append([]string{"Welcome"}, e.letters...)
	got := subjects(s.mail(c.email))
	for _, part := range want {
		i := slices.IndexFunc(got, func(subject string) bool { return strings.Contains(subject, part) })
		if i < 0 {
			t.Errorf("letters: got %q, want one with %q", got, part)
		}
	}
	if len(got) != len(want) {
		t.Errorf("letters: got %q, want %d of them", got, len(want))
	}
}

// pause stops a process where it stands, until the returned function or the end of the test.
func pause(t *testing.T, s *shop, instance string) (resume func()) {
	t.Helper()
	p := s.process(instance)
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	resume = func() {
		if err := p.Resume(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(resume)
	return resume
}

func (c *customer) cancel(id string) answer {
	c.t.Helper()
	return c.ask(request{method: http.MethodPost, path: "/v1/orders/" + id + "/cancel", token: c.token})
}

// cancelInTime cancels while inventory stands still, and lets it go on then.
func cancelInTime(t *testing.T, c *customer, o order) {
	var cancelled order
	c.cancel(o.ID).must(t, http.StatusOK, &cancelled)
	if cancelled.State != "cancelled" {
		t.Errorf("cancelling gave an order that is %s", cancelled.State)
	}
	c.cancel(o.ID).must(t, http.StatusOK, nil) // again changes nothing
	if err := c.process("inventory-1").Resume(); err != nil {
		t.Error(err)
	}
}

// cancelTooLate cancels when the order is confirmed, and again when it is shipped.
func cancelTooLate(t *testing.T, c *customer, o order) {
	for _, state := range []string{"confirmed", "shipped"} {
		c.await(o.ID, state)
		a := c.cancel(o.ID)
		if p := a.refusal(t); a.status != http.StatusConflict || p.Reason != "order_not_cancellable" {
			t.Errorf("cancelling a %s order: got %d %s, want 409 order_not_cancellable", state, a.status, p.Reason)
		}
	}
}
