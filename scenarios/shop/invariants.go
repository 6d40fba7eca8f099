package shop

import (
	"fmt"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

// invariants are checks that must hold after every scenario, by the numbers under which the design lists them.
func invariants() []verdict.Check {
	list := []verdict.Check{
		{
			Name: "I1-stock-adds-up", Func: looking(stockAddsUp),
			Doc: "Of every product, available + reserved + sold is what there was at first, none of them is below zero, and the reservations say the same.",
		},
		{
			Name: "I1-stock-follows-orders", Func: looking(stockFollowsOrders),
			Doc: "Every shipped order took its goods out of stock exactly once; a cancelled one holds none.",
		},
		{
			Name: "I2-charged-once", Func: looking(chargedOnce),
			Doc: "Each order has at most one charge at the card processor, and so is charged at most once; nothing is shipped unpaid, and the card processor's ledger equals payment's table.",
		},
		{
			Name: "I3-refunded", Func: looking(refunded),
			Doc: "The card processor keeps no money for a cancelled order, a refund that is pending or failed being none; and a refund's event is published once the processor has completed it.",
		},
		{
			Name: "I4-accepted-is-final", Func: looking(acceptedIsFinal),
			Doc: "Every order that a client saw accepted is there, is that client's, is shipped or cancelled, and stays what its customer saw it become.",
		},
		{
			Name: "I5-same-key-same-order", Func: looking(sameKeySameOrder),
			Doc: "A customer's idempotency key gives one order however often it is sent, and a key that gave one is not refused later. Only keys that were sent more than once count as compared.",
		},
		{
			Name: "I6-events-once", Func: looking(eventsOnce),
			Doc: "Every committed event was sent, and is in the inbox of each service that consumes it exactly once, so that none is in a dead-letter queue; and no inbox has an event that nobody committed. The cart has no inbox and is left out.",
		},
		{
			Name: "I7-orders-are-private", Func: looking(trespass),
			Doc: "Whoever follows or cancels another customer's order is told that there is none, and cancels nothing, also where the answer was lost.",
		},
		{
			Name: "I8-paid-as-shown", Func: looking(paidAsShown),
			Doc: "An order, and the charge for it, is over what the cart said, whether its customer got an answer or not.",
		},
		{
			Name: "I9-told-once", Func: looking(toldOnce),
			Doc: "Each customer is told of each event by each of its channels once, and of nothing else; the message's id is the event's. An e-mail may come once more for each attempt at it whose answer was lost, as the notification service counts them.",
		},
		{
			Name: "I10-cart-ordered-once", Func: looking(cartOrderedOnce),
			Doc: "Each version of a cart and each of its lines is ordered at most once, whatever the keys; a second order of it is refused with the name of the first. Ordered lines leave the cart, and what was put into it afterwards stays.",
		},
	}
	for i := range list {
		list[i].Invariant = true
	}
	return list
}

// risks count what was in danger when the first fault struck.
func risks() []verdict.Check {
	return []verdict.Check{
		{
			Name: "orders-pending", Func: looking(ordersPending),
			Doc: "Orders that clients had seen accepted, and not yet final, when the fault struck.",
		},
		{
			Name: "sagas-open", Func: looking(sagasOpen),
			Doc: "Orders in the order service's table that were not final when the fault struck.",
		},
		{
			Name: "payments-due", Func: looking(paymentsDue),
			Doc: "Payments of orders made before the fault struck that were settled only after it, or never.",
		},
		{
			Name: "payments-caught", Func: looking(paymentsCaught),
			Doc: "Payments of orders made while the faults lasted that were not settled when the last of them ended: for orders that are decided so fast that none is under way just when the fault strikes.",
		},
	}
}

// atRisk is the result of a risk check.
func atRisk(f *evidence.Folder, what string, count func(struck time.Time) int) (verdict.Result, error) {
	at := struck(f)
	if at.IsZero() {
		return verdict.Result{}, fmt.Errorf("count %s: no fault struck", what)
	}
	n := count(at)
	return verdict.Result{Holds: n > 0, Compared: n, Measured: fmt.Sprintf("%d %s", n, what)}, nil
}

func ordersPending(f *evidence.Folder) (verdict.Result, error) {
	seen, err := accepted(f)
	if err != nil {
		return verdict.Result{}, err
	}
	orders, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	return atRisk(f, "orders were pending", func(struck time.Time) int {
		open := map[string]bool{}
		for _, a := range seen {
			o, there := orders[a.order] // who stopped watching it does not know that it ended
			if a.End.Before(struck) && !(there && o.final() && o.Updated < struck.UnixMicro()) {
				open[a.order] = true
			}
		}
		for _, o := range f.History {
			if o.Name == opCompletion && o.Outcome == load.OK && o.End.Before(struck) {
				delete(open, o.Fields["order_id"])
			}
		}
		return len(open)
	})
}

func sagasOpen(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	return atRisk(f, "sagas were open", func(struck time.Time) int {
		n := 0
		for _, o := range orders {
			if o.Created < struck.UnixMicro() && (!o.final() || o.Updated > struck.UnixMicro()) {
				n++
			}
		}
		return n
	})
}

func paymentsDue(f *evidence.Folder) (verdict.Result, error) {
	return unsettled(f, "payments were due", time.Time{}, struck(f))
}

func paymentsCaught(f *evidence.Folder) (verdict.Result, error) {
	fault, _ := f.Run.Phase(evidence.Fault)
	return unsettled(f, "payments were caught", struck(f), fault.End)
}

// unsettled counts payments of orders that were made in a stretch of time, and were not settled at its end.
func unsettled(f *evidence.Folder, what string, from, to time.Time) (verdict.Result, error) {
	orders, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	payments, err := paymentsOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	return atRisk(f, what, func(time.Time) int {
		n := 0
		for _, p := range payments {
			o, known := orders[p.Order]
			if known && !time.UnixMicro(o.Created).Before(from) && o.Created < to.UnixMicro() && (p.Since > to.UnixMicro() || !settled(p.State)) {
				n++
			}
		}
		return n
	})
}

func settled(state string) bool {
	return state == "completed" || state == "failed" || state == "cancelled" || state == "refunded"
}
