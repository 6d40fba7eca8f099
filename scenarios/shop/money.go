package shop

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
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
		a := accounts[p.Order]
		t.expect(agrees(p, a),
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

// agrees says whether the processor has taken and given back what a payment in its state says. While a charge or a refund
// is under way its answer may be lost, so that it may have happened or not; what must come of it is said by its order.
func agrees(p paymentRow, a account) bool {
	all, nothing := p.Amount, int64(0)
	switch p.State {
	case "completed":
		return a.captured == all && a.refunded == nothing
	case "refunding", "refund_pending":
		return a.captured == all && (a.refunded == nothing || a.refunded == all)
	case "refunded":
		return a.captured == all && a.refunded == all
	case "refund_failed":
		return a.captured == all && a.refunded == nothing
	case "due", "cancelling":
		return (a.captured == nothing || a.captured == all) && a.refunded == nothing
	}
	return a.captured == nothing && a.refunded == nothing
}

// refundsAddUp holds the ledger against itself: only a refund that the processor completed is money paid back.
func refundsAddUp(t *tally, book ledger) {
	refunds := map[string]int64{}
	for _, r := range book.Refunds {
		if r.completed() {
			refunds[r.Intent] += r.Amount
		}
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
	sent, err := table[outboxRow](f, "payment", "outbox")
	if err != nil {
		return verdict.Result{}, err
	}
	refundsPublished(&t, book, sent)
	return t.result("%d cancelled orders, %d of them had been charged", t.compared, back), nil
}

// refundsPublished holds the events by which customers are notified of a refund against the ledger: each comes after the
// processor completed a refund of its order, and there are no more of them than such refunds.
func refundsPublished(t *tally, book ledger, sent []outboxRow) {
	completed := map[string][]time.Time{}
	for _, r := range book.Refunds {
		if r.everCompleted() {
			completed[r.Order] = append(completed[r.Order], r.SucceededAt)
		}
	}
	published := map[string][]time.Time{}
	for _, e := range sent {
		if e.Type == "payment.refunded.v1" {
			published[e.Key] = append(published[e.Key], time.UnixMicro(e.Time))
		}
	}
	for order, events := range inOrder(published) {
		back := completed[order]
		slices.SortFunc(back, time.Time.Compare)
		slices.SortFunc(events, time.Time.Compare)
		for n, at := range events {
			if t.also(n < len(back), "order %s: the customer was notified of %d refunds, the processor completed %d", order, len(events), len(back)); n < len(back) {
				t.also(!at.Before(back[n].Truncate(time.Microsecond)), "order %s: the customer was notified of a refund at %s, and the processor completed it at %s",
					order, at.UTC().Format(time.RFC3339Nano), back[n].UTC().Format(time.RFC3339Nano))
			}
		}
	}
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
	unanswered, err := t.unanswered(f.History, orders, shown)
	if err != nil {
		return verdict.Result{}, err
	}
	for _, i := range book.Intents {
		said, known := shown[i.Order]
		t.also(!known || i.Captured == 0 || i.Captured == said, "order %s was charged %d, the cart said %d", i.Order, i.Captured, said)
	}
	return t.result("%d checkouts that made an order, %d of them not answered", t.compared, unanswered), nil
}

// unanswered holds the orders of which no client got an answer against what the cart said, adds that to what was shown, and
// counts them.
func (t *tally) unanswered(history []load.Operation, orders map[string]orderRow, shown map[string]int64) (n int, err error) {
	kept := map[sender]orderRow{}
	for _, o := range inOrder(orders) {
		kept[sender{o.User, o.Key}] = o
	}
	for _, try := range history {
		o, made := kept[sender{try.Fields["user_id"], try.Key}]
		if _, known := shown[o.ID]; !made || known || !isCheckout(try) {
			continue
		}
		said, err := strconv.ParseInt(try.Fields["cart_total"], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read checkout %d of the history: %w", try.Seq, err)
		}
		n, shown[o.ID] = n+1, said
		t.expect(o.Total == said, "order %s, whose customer got no answer, is kept over %d, the cart said %d", o.ID, o.Total, said)
	}
	return n, nil
}
