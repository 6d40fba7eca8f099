package model

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type draws struct{ t *rapid.T }

func (d draws) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }

func TestNoHistoryOfAnHonestShopIsRefused(t *testing.T) {
	counts := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		calls := newToy(t).history(Draw(draws{t}, false, true))
		if broken, undecided := Check(calls, Faults{}); len(broken)+len(undecided) > 0 {
			t.Fatalf("%v %v", broken, undecided)
		}
		for _, c := range calls {
			counts[string(c.Kind)+" "+string(c.Outcome)+" "+c.Reason]++
		}
	})
	for _, kind := range []string{"put ok ", "put unknown ", "order ok ", "order unknown ", "order refused cart_ordered", "repeat ok ", "cancel ok ", "register ok ", "register refused email_taken"} {
		if counts[kind] == 0 {
			t.Errorf("no history has a call %q: %v", kind, counts)
		}
	}
}

// mostHistories is how many histories of a dishonest shop are looked at: a rare thing must happen in one of them.
const mostHistories = 1000

// The histories are the same ones each time, so that chance has no part in it.
func TestEachDishonestShopIsFoundOut(t *testing.T) {
	for lie, word := range map[string]string{
		"the whole cart is emptied":    "the cart of customer",
		"ordered lines stay":           "the cart of customer",
		"a cart is ordered twice":      "the orders of version",
		"keys are ignored":             "key ",
		"two accounts of one address":  "the registrations of",
		"a cancelled order is shipped": "was cancelled, and shipped",
		"a cancelled order is paid":    "was cancelled, and its payment",
		"an order is lost":             "has no such order",
	} {
		t.Run(lie, func(t *testing.T) {
			played := rapid.Custom(func(t *rapid.T) []Call { return newToy(t, lie).history(Draw(draws{t}, false, true)) })
			for seed := range mostHistories {
				broken, _ := Check(played.Example(seed), Faults{})
				if slices.ContainsFunc(broken, func(b string) bool { return strings.Contains(b, word) }) {
					return
				}
			}
			t.Errorf("none of %d histories shows it", mostHistories)
		})
	}
}
