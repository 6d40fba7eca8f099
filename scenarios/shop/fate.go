package shop

import (
	"net/http"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

// expectations are checks that a scenario names, with the time within which they must hold.
func expectations() []verdict.Check {
	return []verdict.Check{
		{
			Name: "orders-final",
			Doc:  "Every order is shipped or cancelled, also those whose clients never got an answer; and every order that a client saw accepted is there.",
			Func: looking(ordersFinal), Timed: true, // what was accepted and never ends breaks I4 as well, on whatever machine
		},
		{
			Name: "orders-shipped",
			Doc:  "Every accepted order that nothing speaks against is shipped; only one that could not be had any more may be cancelled.",
			Func: looking(ordersShipped), Timed: true, // an order whose deadline passes is cancelled
		},
		{
			Name: "orders-declined",
			Doc:  "Every accepted order of a customer whose card is declined is cancelled for that reason, and the card processor took nothing for it.",
			Func: looking(ordersDeclined),
		},
		{
			Name: "sale-fair",
			Doc:  "Of what is on sale no more is shipped than there was, and nothing is left though somebody was told that it is sold out, unless another gave it back; and everybody who came to the sale has the goods or was told. Whoever got no answer and has no order is counted, and not compared.",
			Func: looking(saleFair),
		},
		{
			Name: "turned-away-politely",
			Doc:  "Whoever was turned away by 429 or 503 was told when to come back.",
			Func: looking(turnedAwayPolitely),
		},
		{
			Name: "sessions-go-on",
			Doc:  "Whoever lost the answer to a refresh of the session got new tokens by sending the same refresh token again. Only those count as compared.",
			Func: looking(sessionsGoOn),
		},
		{
			Name: "histories-fit",
			Doc:  "What the sessions of each history were answered, a model of the shop could have answered, too, had it been asked one by one: about carts, about the orders of each version of a cart, and about what is left when the shop is idle.",
			Func: looking(historiesFit),
		},
		{
			Name: "attempts-conform",
			Doc:  "No operation on any link was attempted more often than the link's policy allows, as the traces tell of each further attempt.",
			Func: looking(attemptsConform),
		},
		{
			Name: "breakers-conform",
			Doc:  "Every breaker that changed went by the rules of the state machine: closed, open, half-open, and from there either way; no change is missing from the log, and none came out of open before its time.",
			Func: looking(breakersConform),
		},
	}
}

func ordersFinal(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	seen, err := accepted(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	ends := map[string]int{}
	for _, o := range inOrder(orders) {
		ends[o.State]++
		t.expect(o.final(), "order %s is still %s", o.ID, o.State)
	}
	for _, a := range seen {
		_, there := orders[a.order]
		t.also(there, "order %s was accepted and is not there", a.order)
	}
	return t.result("%d shipped, %d cancelled, %d open", ends[shipped], ends[cancelled], len(orders)-ends[shipped]-ends[cancelled]), nil
}

func ordersShipped(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	seen, err := accepted(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	soldOut := 0
	for id, a := range inOrder(by(seen, func(a acceptance) string { return a.order })) { // also those whose first answer was lost
		o := orders[id]
		if a.Fields["ends"] != shipped {
			continue
		}
		if o.State == cancelled && o.Reason == outOfStock {
			soldOut++
			continue
		}
		t.expect(o.State == shipped, "order %s is %q %s", a.order, o.State, o.Reason)
	}
	return t.result("%d orders to be shipped, %d more were sold out", t.compared, soldOut), nil
}

func ordersDeclined(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	book, err := ledgerOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	seen, err := accepted(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	accounts := book.accounts()
	for id, a := range inOrder(by(seen, func(a acceptance) string { return a.order })) {
		if a.Shopper != declinedName {
			continue
		}
		o := orders[id]
		t.expect(o.State == cancelled && (o.Reason == paymentDeclined || o.Reason == outOfStock), "order %s is %q %s, and its customer's card is declined", id, o.State, o.Reason)
		t.also(accounts[id].captured == 0, "the processor took %d for order %s, of a card that is declined", accounts[id].captured, id)
	}
	return t.result("%d orders with cards that are declined", t.compared), nil
}

func turnedAwayPolitely(f *evidence.Folder) (verdict.Result, error) {
	var t tally
	by := map[int]int{}
	for _, o := range f.History {
		if o.Name == opCompletion || o.Outcome == load.Unknown || o.Status != http.StatusTooManyRequests && o.Status != http.StatusServiceUnavailable {
			continue // a stream of events is opened again by itself; one who may have been served was not turned away
		}
		by[o.Status]++
		t.expect(o.Fields["retry_after"] != "", "operation %d, %s, was answered by %d without Retry-After", o.Seq, o.Name, o.Status)
	}
	return t.result("%d times 429 and %d times 503", by[http.StatusTooManyRequests], by[http.StatusServiceUnavailable]), nil
}

// acceptedIsFinal is I4.
func acceptedIsFinal(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	seen, err := accepted(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	told := lastSeen(f.History)
	for id, a := range inOrder(by(seen, func(a acceptance) string { return a.order })) {
		o, there := orders[id]
		if !t.expect(there, "order %s was accepted and is not there", id) {
			continue
		}
		t.also(o.User == a.Fields["user_id"], "order %s belongs to somebody else than who placed it", id)
		t.also(o.final(), "order %s was accepted and is still %s", id, o.State)
		if was := told[id]; was == shipped || was == cancelled {
			t.also(o.State == was, "order %s is %s after its customer saw it %s", id, o.State, was)
		}
	}
	return t.result("%d accepted orders", t.compared), nil
}

// lastSeen gives the last state of each order that its customer saw.
func lastSeen(history []load.Operation) map[string]string {
	seen := map[string]string{}
	for _, o := range history {
		if o.Name == opCompletion {
			seen[o.Fields["order_id"]] = o.Fields["state"]
		}
	}
	return seen
}
