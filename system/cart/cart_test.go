package cart

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
)

func line(id ProductID, quantity, minor int64) Item {
	return Item{Product: id, Title: "A " + string(id), Quantity: quantity, UnitPrice: money.Of(minor, "EUR")}
}

func TestSettingAProductAgainReplacesItsLine(t *testing.T) {
	var c Cart
	for _, item := range []Item{line("lamp", 1, 100), line("desk", 2, 500), line("lamp", 7, 90)} {
		if err := c.set(item); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(c.Items), fmt.Sprint([]Item{line("lamp", 7, 90), line("desk", 2, 500)}); got != want {
		t.Errorf("items: got %s, want %s", got, want)
	}
	sum, err := c.total()
	if want := money.Of(7*90+2*500, "EUR"); err != nil || sum != want {
		t.Errorf("total: got %s (%v), want %s", sum, err, want)
	}
	c.remove("lamp")
	c.remove("never there")
	if len(c.Items) != 1 || c.Items[0].Product != "desk" {
		t.Errorf("after removing the lamp: got %v, want the desk", c.Items)
	}
}

func TestFullCartTakesNoNewProductButChangesOldOnes(t *testing.T) {
	var c Cart
	for i := range mostItems {
		if err := c.set(line(ProductID(fmt.Sprint(i)), 1, 100)); err != nil {
			t.Fatal(err)
		}
	}
	if got := problem.ReasonOf(c.set(line("one too many", 1, 100))); got != "cart_full" {
		t.Errorf("one more: got %q, want cart_full", got)
	}
	if err := c.set(line("3", 9, 100)); err != nil {
		t.Errorf("a product that is there: %v", err)
	}
}

func TestEmptyCartCostsNothing(t *testing.T) {
	sum, err := (&Cart{}).total()
	if want := money.Of(0, "EUR"); err != nil || sum != want {
		t.Errorf("got %s (%v), want %s", sum, err, want)
	}
}

func TestTotalRefusesWhatCannotBeAddedUp(t *testing.T) {
	for _, c := range []Cart{
		{Items: []Item{line("a", 99, 1<<62)}},
		{Items: []Item{line("a", 1, 1), {Product: "b", Quantity: 1, UnitPrice: money.Of(1, "USD")}}},
	} {
		if _, err := wire(c); problem.CodeOf(err) != problem.Conflict {
			t.Errorf("got %v, want a conflict", err)
		}
	}
}

func TestVersionsRiseAlsoWhenTheClockDoesNot(t *testing.T) {
	now := time.UnixMilli(1_000)
	for _, tt := range []struct{ before, want Version }{{0, 1000}, {999, 1000}, {1000, 1001}, {5000, 5001}} {
		if got := tt.before.after(now); got != tt.want {
			t.Errorf("after %d: got %d, want %d", tt.before, got, tt.want)
		}
	}
}

func TestBadLinesNameTheFieldAndNotTheValue(t *testing.T) {
	long := ProductID(strings.Repeat("4242", 100))
	tests := []struct {
		id       ProductID
		quantity int64
		fields   string
	}{
		{"lamp", 1, ""}, {"lamp", 99, ""},
		{"lamp", 0, "quantity"}, {"lamp", -4242, "quantity"}, {"lamp", 4242, "quantity"}, {"lamp", 100, "quantity"},
		{"", 1, "product_id"}, {long, 1, "product_id"}, {"", 0, "product_id quantity"},
	}
	for _, tt := range tests {
		err := checkLine(tt.id, tt.quantity)
		var names []string
		if err != nil {
			for _, f := range problem.As(err).Fields {
				names = append(names, f.Name)
			}
			if strings.Contains(err.Error(), "4242") {
				t.Errorf("the message repeats the value: %v", err)
			}
		}
		if got := strings.Join(names, " "); got != tt.fields {
			t.Errorf("%q × %d: got wrong fields %q, want %q", tt.id, tt.quantity, got, tt.fields)
		}
	}
}
