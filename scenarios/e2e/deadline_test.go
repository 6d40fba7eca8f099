package e2e

import (
	"fmt"
	"testing"
	"time"

	"stormglass/chaos/fault"
	"stormglass/internal/await"
)

// TestAnOrderThatMissesItsDeadlineKeepsNoMoney lets the deadline pass in the two ways in which a charge may be under way
// then: nobody knows whether it was made, or it succeeds late.
func TestAnOrderThatMissesItsDeadlineKeepsNoMoney(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		card string
		dark string // the direction of the link to the processor that is dark until the order is cancelled
		ends string // the payment's last state, where there is only one way
	}{
		"the processor hears nothing":           {goodCard, "both", ""},
		"the processor's answers are lost":      {goodCard, "response", ""},
		"the charge succeeds after all":         {slowCard, "", "refunded"},
		"the card is refused, but nobody hears": {declinedCard, "response", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, all(with("order", "SAGA_DEADLINE", "1s"), with("order", "SAGA_POLL", "100ms")))
			before := s.stock(lamp)
			buyer := s.customer("Ada Lovelace")
			b := buyer.basket(c.card)
			mend := func() {}
			if c.dark != "" {
				mend = s.strike(fault.Spec{Link: "payment -> card-processor", Do: "blackhole", Direction: c.dark, For: time.Hour})
			}
			o := buyer.place(b)
			if p := buyer.await(o.ID, "cancelled"); p.Order.Reason != "deadline" {
				t.Errorf("reason: got %s, want deadline", p.Order.Reason)
			}
			mend()
			if got := s.nothingKept(o); c.ends != "" && got != c.ends {
				t.Errorf("payment: got %s, want %s", got, c.ends)
			}
			s.settle()
			if got := s.stock(lamp); got != before {
				t.Errorf("stock: got %+v, want %+v as before", got, before)
			}
			if got := s.reservation(o.ID); got != "released" {
				t.Errorf("reservation: got %s, want released", got)
			}
			told(t, s, buyer, s.lettersOf(o), 0)
		})
	}
}

// nothingKept waits until the payment is over, for us and for the processor, and checks that the two agree. It gives the
// payment's last state.
func (s *shop) nothingKept(o order) (state string) {
	s.t.Helper()
	type payment struct {
		OrderID string `json:"order_id"`
		State   string
	}
	await.NoError(s.t, func() error {
		for _, p := range rows[payment](s, "payment", "payments") {
			if p.OrderID == o.ID {
				state = p.State
			}
		}
		if state != "cancelled" && state != "refunded" && state != "failed" {
			return fmt.Errorf("payment is %s", state)
		}
		return nil
	})
	charges := s.charges(o.ID)
	if len(charges) > 1 {
		s.t.Errorf("ledger: got %+v, want one charge at most", charges)
	}
	for _, i := range charges {
		if i.kept() != 0 {
			s.t.Errorf("ledger: the processor keeps %d of a cancelled order: %+v", i.kept(), i)
		}
		if i.State != "canceled" && i.Captured == 0 && state != "failed" {
			s.t.Errorf("ledger: got a charge that is %s, which could still take money", i.State)
		}
		if refunded := i.Refunded > 0; refunded != (state == "refunded") {
			s.t.Errorf("payment is %s, but the ledger has %+v", state, i)
		}
	}
	return state
}

// lettersOf is how many letters the buyer of a cancelled order gets.
func (s *shop) lettersOf(o order) int {
	n := 2 // welcome and cancellation
	for _, i := range s.charges(o.ID) {
		if i.Refunded > 0 {
			n++
		}
	}
	return n
}
