package shop

import (
	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

// account is what the processor's ledger says about one order.
type account struct {
	begun              int // intents, whether they took money or not
	charges            int // those that did
	captured, refunded int64
}

func (a account) kept() int64 { return a.captured - a.refunded }

func (l ledger) accounts() map[string]account {
	all := map[string]account{}
	for _, i := range l.Intents {
		a := all[i.Order]
		a.begun++
		if i.Captured > 0 {
			a.charges++
		}
		a.captured, a.refunded = a.captured+i.Captured, a.refunded+i.Refunded
		all[i.Order] = a
	}
	return all
}

// chargedOnce is I2: the processor's ledger, payment's table and the orders tell the same story.
func chargedOnce(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	rows, err := paymentsOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	book, err := ledgerOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	accounts, payments := book.accounts(), by(rows, func(p paymentRow) string { return p.Order })
	for id, a := range inOrder(accounts) {
		t.expect(a.charges <= 1, "order %s was charged %d times", id, a.charges)
		t.also(a.begun <= 1, "order %s has %d charges at the processor: one of them is nobody's, and waits to be confirmed", id, a.begun)
		_, known := payments[id]
		t.also(known || a.captured == 0, "the processor took %d for order %s, of which payment knows nothing", a.captured, id)
	}
	for _, p := range rows {
		taken, given := owed(p)
		a := accounts[p.Order]
		t.expect(a.captured == taken && a.refunded == given,
			"payment of order %s is %s over %d; the processor took %d and gave %d back", p.Order, p.State, p.Amount, a.captured, a.refunded)
		o, known := orders[p.Order]
		t.also(!known || p.Amount == 0 || p.Amount == o.Total, "payment of order %s is over %d, the order over %d", p.Order, p.Amount, o.Total)
	}
	for _, o := range inOrder(orders) {
		t.also(o.State != shipped || payments[o.ID].State == "completed", "order %s was shipped and its payment is %q", o.ID, payments[o.ID].State)
	}
	refundsAddUp(&t, book)
	return t.result("%d charges in the ledger, %d payments", len(accounts), len(rows)), nil
}

// owed gives what the processor must have taken and given back for a payment in its state.
func owed(p paymentRow) (taken, given int64) {
	switch p.State {
	case "completed", "refunding":
		return p.Amount, 0
	case "refunded":
		return p.Amount, p.Amount
	}
	return 0, 0
}

// refundsAddUp holds the ledger against itself.
func refundsAddUp(t *tally, book ledger) {
	refunds := map[string]int64{}
	for _, r := range book.Refunds {
		refunds[r.Intent] += r.Amount
	}
	for _, i := range book.Intents {
		t.also(refunds[i.ID] == i.Refunded, "refunds of order %s add up to %d, its charge says %d", i.Order, refunds[i.ID], i.Refunded)
	}
}

// refunded is I3.
func refunded(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	book, err := ledgerOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	var back int
	accounts := book.accounts()
	for _, o := range orders {
		if o.State != cancelled {
			continue
		}
		a := accounts[o.ID]
		t.expect(a.kept() == 0, "order %s was cancelled (%s) and %d is kept for it", o.ID, o.Reason, a.kept())
		if a.refunded > 0 {
			back++
		}
	}
	return t.result("%d cancelled orders, %d of them had been charged", t.compared, back), nil
}

// paidAsShown is I8.
func paidAsShown(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	seen, err := accepted(f)
	if err != nil {
		return verdict.Result{}, err
	}
	book, err := ledgerOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	shown := map[string]int64{}
	for _, a := range seen {
		shown[a.order] = a.cartTotal
		t.expect(a.total == a.cartTotal, "order %s is over %d, the cart said %d", a.order, a.total, a.cartTotal)
		o, there := orders[a.order]
		t.also(!there || o.Total == a.cartTotal, "order %s is kept over %d, the cart said %d", a.order, o.Total, a.cartTotal)
	}
	for _, i := range book.Intents {
		said, known := shown[i.Order]
		t.also(!known || i.Captured == 0 || i.Captured == said, "order %s was charged %d, the cart said %d", i.Order, i.Captured, said)
	}
	return t.result("%d accepted checkouts", t.compared), nil
}
