package payment

import (
	"errors"
	"slices"
	"testing"
	"time"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/store/storetest"
)

func TestAnOperatorSettlesARefundThatFailed(t *testing.T) {
	for name, c := range map[string]struct {
		act    func(*Operator) error
		reason string
		back   int // refunds at the processor
	}{
		"by another refund":  {func(o *Operator) error { return o.RetryRefund(t.Context(), goods) }, "", 1},
		"by a bank transfer": {func(o *Operator) error { return o.SettleRefund(t.Context(), goods) }, outOfBand, 0},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				b := cancelledAfterCharge(t, url)
				b.company.status = map[int64]Refund{0: {Status: RefundDeclined, Reason: "lost_or_stolen_card"}}
				b.labour(t, t.Context())
				operator := &Operator{b.db, time.Now}
				failed, err := operator.FailedRefunds(t.Context())
				if err != nil || len(failed) != 1 || failed[0].Order != goods || failed[0].Reason != "lost_or_stolen_card" {
					t.Fatalf("failed refunds: got %+v, %v; want that of %s", failed, err, goods)
				}
				if err := c.act(operator); err != nil {
					t.Fatal(err)
				}
				b.labour(t, t.Context())
				p := b.payment(t)
				if p.State != Refunded || p.Reason != c.reason || b.company.refunds["pi_o1"] != c.back {
					t.Errorf("the payment is %s %q with %d refunds, want %s %q with %d", p.State, p.Reason, b.company.refunds["pi_o1"], Refunded, c.reason, c.back)
				}
				b.wantSaid(t, "o1 refunded")
				if failed, err := operator.FailedRefunds(t.Context()); err != nil || len(failed) != 0 {
					t.Errorf("afterwards: got %v, %v; want none", failed, err)
				}
				if err := c.act(operator); !errors.Is(err, boot.ErrUsage) {
					t.Errorf("once more: got %v, want a usage error", err)
				}
			})
		})
	}
}

func TestMoneyThatIsBackOnAnotherWayIsKeptByTheProcessor(t *testing.T) {
	p := Payment{State: Refunded, Reason: outOfBand, Amount: price}
	theirs := Booked{Received: price, Refunds: []Refund{{0, price.Minor, RefundDeclined, "unknown"}}}
	if kind := (charge{ours: &p, theirs: &theirs}).disagreement(); kind != "" {
		t.Errorf("the processor keeps the charge: got the mismatch %q", kind)
	}
	theirs.Refunds = slices.Concat(theirs.Refunds, []Refund{{1, price.Minor, RefundCompleted, ""}})
	if kind := (charge{ours: &p, theirs: &theirs}).disagreement(); kind != NotTaken {
		t.Errorf("and the processor gives it back as well: got %q, want %q", kind, NotTaken)
	}
}
