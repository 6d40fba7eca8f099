package payment

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/money"
	"stormglass/system/platform/store/storetest"
)

// failedRefunds makes the office note which refunds it says have failed.
func (o *office) failedRefunds() *[]Refund {
	var all []Refund
	o.refundFailed = func(_ context.Context, _ IntentID, r Refund) error {
		all = append(all, r)
		return nil
	}
	return &all
}

// bookRefunds has the processor hold an order's charge over 1299 with refunds.
func (o *office) bookRefunds(refunds ...Refund) {
	o.shelf.add(o.at, Booked{ID: "pi_o1", Order: goods, Received: money.Of(1299, "EUR"), Refunds: refunds})
}

func TestRefundsAreComparedByWhatBecameOfThem(t *testing.T) {
	for name, c := range map[string]struct {
		ours    State
		refunds []Refund
		want    string // the mismatch
		failed  bool   // the refund is called failed, and made again
	}{
		"succeeded":                  {Refunded, []Refund{{0, 1299, RefundCompleted, ""}}, "", false},
		"succeeded in two parts":     {Refunded, []Refund{{0, 1000, RefundCompleted, ""}, {0, 299, RefundCompleted, ""}}, "", false},
		"pending, and we say back":   {Refunded, []Refund{{0, 1299, RefundProcessing, ""}}, "kept 1", false},
		"failed, and we say back":    {Refunded, []Refund{{0, 1299, RefundDeclined, "declined"}}, "", true},
		"none, and we say back":      {Refunded, nil, "kept 1", false},
		"pending, and we know":       {RefundPending, []Refund{{0, 1299, RefundProcessing, ""}}, "", false},
		"failed, and we know":        {RefundFailed, []Refund{{0, 1299, RefundDeclined, "declined"}}, "", false},
		"made by them for no reason": {Completed, []Refund{{0, 1299, RefundCompleted, ""}}, "not_taken 1", false},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, storetest.SQLite(t))
			failed := o.failedRefunds()
			o.bookRefunds(c.refunds...)
			o.settle(t, goods, c.ours, 1299)
			o.at = o.at.Add(10 * time.Minute)
			o.pass(t)
			o.want(t, "compared", c.want)
			if got := len(*failed) > 0; got != c.failed {
				t.Errorf("the refund is made again: %v, want %v", got, c.failed)
			}
		})
	}
}

// A refund may fail long after it was compared, and its webhook may be lost.
func TestARefundIsComparedAgainWhenItIsOlder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		o.again = []time.Duration{24 * time.Hour}
		failed := o.failedRefunds()
		o.bookRefunds(Refund{0, 1299, RefundCompleted, ""})
		o.settle(t, goods, Refunded, 1299)
		o.at = o.at.Add(10 * time.Minute)
		o.pass(t)
		o.shelf.charges[0].Refunds[0] = Refund{0, 1299, RefundDeclined, "unknown"}
		o.at = o.at.Add(23 * time.Hour)
		for range 24 { // an hour at a time
			o.pass(t)
		}
		if len(*failed) > 0 {
			t.Error("the refund was compared again before its time")
		}
		o.at = o.at.Add(2 * time.Hour)
		for range 3 {
			o.pass(t)
		}
		if !slices.Equal(*failed, []Refund{{0, 1299, RefundDeclined, "unknown"}}) {
			t.Errorf("got %v, want the refund that failed, once", *failed)
		}
	})
}

// The service that hears of it from the comparison makes the refund again.
func TestAComparisonStandsInForALostWebhook(t *testing.T) {
	b := cancelledAfterCharge(t, storetest.SQLite(t))
	b.labour(t, t.Context())
	if err := b.RefundFailed(t.Context(), "pi_o1", Refund{Status: RefundDeclined, Reason: "unknown"}); err != nil {
		t.Fatal(err)
	}
	b.wait(t)
	b.wantState(t, goods, Refunded)
	b.wantSaid(t, "o1 refunded", "o1 refunded")
}

func TestFailedRefundsAreCounted(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	o.settle(t, "o1", RefundFailed, 1299)
	o.settle(t, "o2", RefundPending, 1299)
	o.pass(t)
	if got := testutil.ToFloat64(o.figures.failed); got != 1 {
		t.Errorf("%v refunds have failed, want 1", got)
	}
}
