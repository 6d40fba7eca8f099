package order

import (
	"errors"
	"testing"
	"time"

	"stormglass/system/platform/money"
)

func TestOnlyTheListedMovesAreLegal(t *testing.T) {
	legal := map[State]map[cause]State{
		Pending: {
			causePaid: Confirmed, causeOutOfStock: Cancelled, causeDeclined: Cancelled, causeDeadline: Cancelled, causeCustomer: Cancelled,
		},
		Confirmed: {causeDispatched: Shipped, causeShipmentFailed: Cancelled},
		Shipped:   {},
		Cancelled: {},
	}
	now := time.Now()
	for from, allowed := range legal {
		for c := range moves {
			o := Order{State: from}
			err := o.move(c, now)
			to, ok := allowed[c]
			switch {
			case ok && (err != nil || o.State != to || !o.Updated.Equal(now)):
				t.Errorf("%s on %q: got %s, %v; want %s", from, c, o.State, err, to)
			case !ok && (!errors.Is(err, ErrMoveRefused) || o.State != from):
				t.Errorf("%s on %q: got %s, %v; want it to stay", from, c, o.State, err)
			}
			if o.State == Cancelled && ok && o.Reason != Reason(c) {
				t.Errorf("%s on %q: got reason %q", from, c, o.Reason)
			}
		}
	}
}

func TestTotalAddsExactlyOrRefuses(t *testing.T) {
	item := func(n, minor int64, currency string) Item {
		return Item{Quantity: n, UnitPrice: money.Of(minor, currency)}
	}
	got, err := total([]Item{item(3, 1299, "EUR"), item(1, 1, "EUR")})
	if err != nil || got != money.Of(3898, "EUR") {
		t.Errorf("got %s, %v; want 38.98 EUR", got, err)
	}
	for name, items := range map[string][]Item{
		"nothing":    nil,
		"overflow":   {item(2, 1<<62, "EUR")},
		"currencies": {item(1, 1, "EUR"), item(1, 1, "USD")},
	} {
		if got, err := total(items); err == nil {
			t.Errorf("%s: got %s, want an error", name, got)
		}
	}
}
