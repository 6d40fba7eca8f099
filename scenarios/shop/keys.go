package shop

import (
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

// sender is one customer's one key.
type sender struct{ user, key string }

// sameKeySameOrder is I5.
func sameKeySameOrder(f *evidence.Folder) (verdict.Result, error) {
	rows, err := ordersOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	seen, err := accepted(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	kept := map[sender]string{}
	for _, o := range rows {
		s := sender{o.User, o.Key}
		other, twice := kept[s]
		t.also(!twice, "key %s gave the orders %s and %s", o.Key, other, o.ID)
		kept[s] = o.ID
	}
	tries := map[sender]int{}
	for _, o := range f.History {
		if isCheckout(o) {
			tries[sender{o.Fields["user_id"], o.Key}]++
		}
	}
	repeated, answered, acceptedAt := map[sender]bool{}, map[sender]string{}, map[sender]time.Time{}
	for _, a := range seen {
		s := sender{a.Fields["user_id"], a.Key}
		first, before := answered[s]
		t.also(!before || first == a.order, "key %s was answered with order %s, and again with order %s", a.Key, first, a.order)
		answered[s] = a.order
		is, there := kept[s]
		t.also(!there || is == a.order, "key %s was answered with order %s, and order %s is kept for it", a.Key, a.order, is)
		repeated[s] = repeated[s] || tries[s] > 1
		if at, before := acceptedAt[s]; !before || a.End.Before(at) {
			acceptedAt[s] = a.End
		}
	}
	for _, o := range f.History { // whatever became of the cart, the order, or its customer's card since
		at, before := acceptedAt[sender{o.Fields["user_id"], o.Key}]
		t.also(!isCheckout(o) || !ownMistake(o) || !before || o.Start.Before(at), "key %s was answered with an order, and later refused with %d", o.Key, o.Status)
	}
	for s, n := range tries { // also those whose answers were all lost
		_, made := kept[s]
		repeated[s] = repeated[s] || made && n > 1
	}
	for _, sentAgain := range repeated {
		if sentAgain {
			t.compared++
		}
	}
	return t.result("%d keys were sent more than once, of %d", t.compared, len(tries)), nil
}
