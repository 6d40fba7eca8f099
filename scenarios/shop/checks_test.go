package shop

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/load"
	"stormglass/system/api/catalogue"
)

// broken gives the names of the checks, risks left out, that do not hold of a world; each must say what is wrong.
func broken(t *testing.T, w *world) []string {
	t.Helper()
	f := w.folder(t)
	var names []string
	for _, c := range append(expectations(), invariants()...) {
		r := c.Func(f)
		if again := c.Func(f); !reflect.DeepEqual(r, again) {
			t.Errorf("%s says one time %+v and another %+v", c.Name, r, again)
		}
		switch {
		case r.Inconclusive != "":
			t.Errorf("%s could not look: %s", c.Name, r.Inconclusive)
		case r.Holds && (len(r.Broken) > 0 || r.Compared == 0 || r.Measured == ""):
			t.Errorf("%s holds, but %+v", c.Name, r)
		case !r.Holds && len(r.Broken) == 0:
			t.Errorf("%s does not hold and gives no example", c.Name)
		case !r.Holds:
			names = append(names, c.Name)
		}
	}
	return names
}

func TestEverythingHoldsOfAWorldThatEndedWell(t *testing.T) {
	if got := broken(t, wellEnded()); len(got) > 0 {
		t.Errorf("broken: %q", got)
	}
}

// TestEachWrongIsFoundByItsCheck makes one thing wrong at a time and asks which checks notice.
func TestEachWrongIsFoundByItsCheck(t *testing.T) {
	for name, c := range map[string]struct {
		wrong func(w *world)
		want  []string
	}{
		"an ordered line that is in the cart again": {
			func(w *world) {
				last := &w.history[slices.IndexFunc(w.history, func(o load.Operation) bool { return strings.Contains(o.Fields["call"], `"settled"`) })]
				last.Set("call", `{"kind":"read","outcome":"ok","version":6,"lines":{"lamp":1},"settled":true}`)
			},
			[]string{"histories-fit"},
		},
		"a breaker left a state out": {
			func(w *world) { w.breakerChange(4, "closed", "half-open", time.Second) },
			[]string{"breakers-conform"},
		},
		"a change is missing from the log": {
			func(w *world) { w.breakerChange(5, "closed", "open", time.Second) },
			[]string{"breakers-conform"},
		},
		"a breaker changed from another state than it was in": {
			func(w *world) { w.breakerChange(4, "half-open", "open", time.Second) },
			[]string{"breakers-conform"},
		},
		"a breaker came out of open before its time": {
			func(w *world) {
				w.breakerChange(4, "closed", "open", time.Second)
				w.breakerChange(5, "open", "half-open", 1400*time.Millisecond)
			},
			[]string{"breakers-conform"},
		},
		"a breaker began anew though its process did not": {
			func(w *world) { w.breakerChange(1, "closed", "open", time.Second) },
			[]string{"breakers-conform"},
		},
		"a piece vanished": {
			func(w *world) { w.audits["inventory"]["stock"][3]["available"] = 1 },
			[]string{"I1-stock-adds-up"},
		},
		"stock below zero": {
			func(w *world) {
				last := w.audits["inventory"]["stock"][len(w.audits["inventory"]["stock"])-1]
				last["available"], last["reserved"] = -1, last["available"].(int64)+1
				w.add("inventory", "reservations", row{"order_id": "o-nobody", "state": "reserved",
					"lines": `[{"product_id":"` + last["product_id"].(string) + `","quantity":` + num(last["reserved"].(int64)) + `}]`})
			},
			[]string{"I1-stock-adds-up"},
		},
		"reserved twice": {
			func(w *world) {
				first := w.audits["inventory"]["stock"][0]
				first["available"], first["reserved"] = first["available"].(int64)-1, 1
			},
			[]string{"I1-stock-adds-up"},
		},
		"a product without stock": {
			func(w *world) { w.audits["inventory"]["stock"] = w.audits["inventory"]["stock"][:587] },
			[]string{"I1-stock-adds-up"},
		},
		"goods kept for a cancelled order": {
			func(w *world) {
				w.find("inventory", "reservations", "o-declined")["state"] = "reserved"
				first := w.audits["inventory"]["stock"][0]
				first["available"], first["reserved"] = first["available"].(int64)-1, 1
			},
			[]string{"I1-stock-follows-orders"},
		},
		"shipped without a reservation": {
			func(w *world) {
				w.drop("inventory", "reservations", func(r row) bool { return r["order_id"] == "o-shipped" })
				first := w.audits["inventory"]["stock"][0]
				first["available"], first["sold"] = first["available"].(int64)+1, 0
			},
			[]string{"I1-stock-follows-orders"},
		},
		"shipped something else": {
			func(w *world) {
				w.find("order", "orders", "o-shipped")["items"] = `[{"product_id":"` + catalogue.Products()[1].ID + `","quantity":1}]`
			},
			[]string{"I1-stock-follows-orders"},
		},
		"charged twice": {
			func(w *world) {
				w.intents = append(w.intents, row{"id": "pi-again", "order_id": "o-shipped", "amount": 1000, "captured": 1000, "refunded": 0})
			},
			[]string{"I2-charged-once"},
		},
		"charged without our knowing": {
			func(w *world) {
				w.intent("o-declined")["captured"] = 1000
			},
			[]string{"I2-charged-once", "I3-refunded"},
		},
		"a charge for an order that payment does not know": {
			func(w *world) {
				w.intents = append(w.intents, row{"id": "pi-x", "order_id": "o-unknown", "amount": 5, "captured": 5, "refunded": 0})
			},
			[]string{"I2-charged-once"},
		},
		"shipped unpaid": {
			func(w *world) {
				w.find("payment", "payments", "o-shipped")["state"] = "failed"
				w.intent("o-shipped")["captured"] = 0
			},
			[]string{"I2-charged-once"},
		},
		"a refund in our table alone": {
			func(w *world) { w.intent("o-refunded")["refunded"] = 0; w.refunds = nil },
			[]string{"I2-charged-once", "I3-refunded"},
		},
		"a ledger at odds with itself": {
			func(w *world) { w.intent("o-refunded")["refunded"] = 999 },
			[]string{"I2-charged-once", "I3-refunded"},
		},
		"a refund that the processor did not make": {
			func(w *world) {
				w.intent("o-refunded")["refunded"] = 0
				w.refunds[0]["status"] = "failed"
				delete(w.refunds[0], "succeeded_at")
			},
			[]string{"I2-charged-once", "I3-refunded"},
		},
		"a refund that came back from the customer's bank": {
			func(w *world) { w.intent("o-refunded")["refunded"], w.refunds[0]["status"] = 0, "failed" },
			[]string{"I2-charged-once", "I3-refunded"},
		},
		"a refund that nobody can make": {
			func(w *world) {
				w.find("payment", "payments", "o-refunded")["state"] = "refund_failed"
				w.intent("o-refunded")["refunded"], w.refunds[0]["status"] = 0, "failed"
			},
			[]string{"I3-refunded"},
		},
		"a failed refund that the processor made": {
			func(w *world) { w.find("payment", "payments", "o-refunded")["state"] = "refund_failed" },
			[]string{"I2-charged-once"},
		},
		"a refund that is still pending": {
			func(w *world) {
				w.find("payment", "payments", "o-refunded")["state"] = "refund_pending"
				w.intent("o-refunded")["refunded"], w.refunds[0]["status"] = 0, "pending"
			},
			[]string{"I3-refunded"},
		},
		"a customer who was notified of a refund before the processor had completed it": {
			func(w *world) { w.refunds[0]["succeeded_at"] = begin.Add(time.Second + time.Millisecond) },
			[]string{"I3-refunded"},
		},
		"a customer who was notified of a refund once more than there were any": {
			func(w *world) {
				w.event("payment", "payment.refunded.v1", "notification")
				w.find("payment", "outbox", w.refundEvent())["key"] = "o-refunded"
			},
			[]string{"I3-refunded"},
		},
		"a charge that was begun twice and taken once": {
			func(w *world) {
				w.intents = append(w.intents, row{"id": "pi-orphan", "order_id": "o-shipped", "amount": 1000, "captured": 0, "refunded": 0})
			},
			[]string{"I2-charged-once"},
		},
		"a lost refund": {
			func(w *world) {
				w.find("payment", "payments", "o-refunded")["state"] = "completed"
				w.intent("o-refunded")["refunded"] = 0
				w.refunds = nil
			},
			[]string{"I3-refunded"},
		},
		"a vanished order": {
			func(w *world) { w.drop("order", "orders", func(r row) bool { return r["id"] == "o-declined" }) },
			[]string{"orders-final", "I4-accepted-is-final"},
		},
		"an order that hangs": {
			func(w *world) { w.find("order", "orders", "o-shipped")["state"] = "confirmed"; w.forget("o-shipped") },
			[]string{"orders-final", "orders-shipped", "I4-accepted-is-final"},
		},
		"an order that hangs, whose client never got an answer": {
			func(w *world) {
				w.add("order", "orders", row{"id": "o-unseen", "user_id": "ada", "idempotency_key": "k9", "state": "pending", "items": "[]"})
			},
			[]string{"orders-final"},
		},
		"an outage cancelled an order": {
			func(w *world) {
				o := w.find("order", "orders", "o-declined")
				o["reason"] = "deadline"
				w.history[slices.IndexFunc(w.history, func(o load.Operation) bool { return o.Key == "k3" })].Fields["ends"] = shipped
			},
			[]string{"orders-shipped"},
		},
		"an order is not what its customer saw": {
			func(w *world) { w.seen("o-declined")["state"] = shipped },
			[]string{"I4-accepted-is-final"},
		},
		"an order belongs to somebody else": {
			func(w *world) { w.find("order", "orders", "o-declined")["user_id"] = "eve" },
			[]string{"I4-accepted-is-final"},
		},
		"a key that gave two orders": {
			func(w *world) {
				w.order("o-second", "k1", cancelled, "customer", "")
			},
			[]string{"I5-same-key-same-order"},
		},
		"a key that was answered with two orders, and is kept with neither": {
			func(w *world) {
				w.order("o-second", "k1", cancelled, "customer", "")
				for _, id := range []string{"o-shipped", "o-second"} {
					w.find("order", "orders", id)["idempotency_key"] = id
				}
			},
			[]string{"I5-same-key-same-order"},
		},
		"a key that gave two orders, seen by nobody": {
			func(w *world) {
				w.add("order", "orders", row{"id": "o-second", "user_id": "ada", "idempotency_key": "k4", "state": cancelled, "items": "[]", "total_minor": 1000})
			},
			[]string{"I5-same-key-same-order"},
		},
		"a lost event": {
			func(w *world) { w.drop("shipping", "inbox", func(row) bool { return true }) },
			[]string{"I6-events-once"},
		},
		"an event that was never sent": {
			func(w *world) {
				w.audits["user"]["outbox"][0]["sent_us"] = 0
				w.drop("notification", "inbox", func(r row) bool { return r["type"] == "user.registered.v1" })
			},
			[]string{"I6-events-once"},
		},
		"an event taken in twice": {
			func(w *world) { w.add("order", "inbox", w.audits["order"]["inbox"][0]) },
			[]string{"I6-events-once"},
		},
		"a service that was away for long": {
			func(w *world) { w.drop("notification", "inbox", func(row) bool { return true }) },
			[]string{"I6-events-once"},
		},
		"an event that nobody committed": {
			func(w *world) { w.drop("inventory", "outbox", func(row) bool { return true }) },
			[]string{"I6-events-once"},
		},
		"an event that nobody is known to consume": {
			func(w *world) { w.event("order", "order.forgotten.v1") },
			[]string{"I6-events-once"},
		},
		"an order shown to somebody else": {
			func(w *world) { w.trespassed("eve", "o-shipped", 200) },
			[]string{"I7-orders-are-private"},
		},
		"an order that somebody else could cancel": {
			func(w *world) { w.trespassed("eve", "o-refunded", 202) },
			[]string{"I7-orders-are-private"},
		},
		"an order that only somebody else, who got no answer, tried to cancel": {
			func(w *world) {
				w.history = slices.DeleteFunc(w.history, func(o load.Operation) bool { return o.Name == opCancel })
				w.trespassed("eve", "o-regretted", 0)
				w.history[len(w.history)-1].Fields["what"] = "cancel"
			},
			[]string{"I7-orders-are-private"},
		},
		"a refund that went half": {
			func(w *world) {
				w.find("payment", "payments", "o-refunded")["state"] = "refunding"
				w.intent("o-refunded")["refunded"], w.refunds[0]["amount"] = 500, 500
			},
			[]string{"I2-charged-once", "I3-refunded"},
		},
		"an order without an answer over more than the cart said": {
			func(w *world) {
				w.unanswered("o-regretted")
				w.find("order", "orders", "o-regretted")["total_minor"] = 1100
				w.find("payment", "payments", "o-regretted")["amount_minor"] = 1100
			},
			[]string{"I8-paid-as-shown"},
		},
		"a customer who was not told": {
			func(w *world) { w.mails = w.mails[1:] },
			[]string{"I9-told-once"},
		},
		"a push that never came": {
			func(w *world) { w.texts = w.texts[1:] },
			[]string{"I9-told-once"},
		},
		"a message that is still due": {
			func(w *world) { w.audits["notification"]["messages"][0]["state"] = "due" },
			[]string{"I9-told-once"},
		},
		"an e-mail that came twice without excuse": {
			func(w *world) { w.mails = append(w.mails, w.mails[0]) },
			[]string{"I9-told-once"},
		},
		"an e-mail that came once more than its lost answers allow": {
			func(w *world) {
				event := w.lost(0, 1)
				w.mail(event, struckAt)
				w.mail(event, struckAt)
			},
			[]string{"I9-told-once"},
		},
		"an e-mail that came twice, where another's answer was lost": {
			func(w *world) {
				w.lost(0, 1)
				w.mail(w.lost(1, 0), struckAt)
			},
			[]string{"I9-told-once"},
		},
		"a lost answer that was taken for a sent e-mail": {
			func(w *world) { w.lost(0, 1); w.mails = w.mails[1:] },
			[]string{"I9-told-once"},
		},
		"a push that came twice, though the messenger knows its id": {
			func(w *world) {
				for _, m := range w.audits["notification"]["messages"] {
					m["unanswered"] = 1
				}
				w.texts = append(w.texts, w.texts[0])
			},
			[]string{"I9-told-once"},
		},
		"a push to somebody else": {
			func(w *world) { w.texts[0]["to"] = "eve" },
			[]string{"I9-told-once"},
		},
		"a message about nothing": {
			func(w *world) { w.mail("e-none", struckAt) },
			[]string{"I9-told-once"},
		},
		"an order with a declined card that hangs": {
			func(w *world) { w.find("order", "orders", "o-refused")["reason"] = "deadline" },
			[]string{"orders-declined"},
		},
		"a declined card that was charged": {
			func(w *world) { w.intent("o-refused")["captured"] = 1000 },
			[]string{"orders-declined", "I2-charged-once", "I3-refunded"},
		},
		"somebody who was turned away without a word": {
			func(w *world) { delete(w.history[len(w.history)-1].Fields, "retry_after") },
			[]string{"turned-away-politely"},
		},
		"a call that was tried too often": {
			func(w *world) { w.retried = append(w.retried, 4) },
			[]string{"attempts-conform"},
		},
		"a session that a lost answer ended": {
			func(w *world) {
				w.refreshed(2, opRefresh, load.Unknown)
				w.refreshed(2, opRefreshRepeat, load.Failed)
			},
			[]string{"sessions-go-on"},
		},
		"a customer of the sale who was told nothing": {
			func(w *world) {
				w.history = append(w.history, load.Operation{
					Name: opCheckout, Shopper: rushName, Key: "k7", Outcome: load.Failed, Status: 500, Fields: map[string]string{"user_id": "eve"},
				})
			},
			[]string{"sale-fair"},
		},
		"a piece of the sale that is left": {
			func(w *world) { w.shelf(onSale().ID)["available"] = 1 },
			[]string{"sale-fair", "I1-stock-adds-up"},
		},
		"a piece of the sale that was sold twice": {
			func(w *world) {
				late := w.find("order", "orders", "o-late")
				late["state"], late["reason"] = shipped, ""
				w.seen("o-late")["state"] = shipped
				w.add("inventory", "reservations", row{"order_id": "o-late", "state": "committed", "lines": late["items"]})
				w.find("payment", "payments", "o-late")["state"] = "completed"
				w.intent("o-late")["captured"] = 1000
				w.order("o-later", "k8", cancelled, outOfStock, "")
				w.history[len(w.history)-2].Shopper = rushName
			},
			[]string{"sale-fair", "I1-stock-adds-up"},
		},
		"charged more than the cart said": {
			func(w *world) {
				w.find("order", "orders", "o-shipped")["total_minor"] = 1100
				w.find("payment", "payments", "o-shipped")["amount_minor"] = 1100
				w.intent("o-shipped")["captured"] = 1100
			},
			[]string{"I8-paid-as-shown"},
		},
		"an order over more than the cart said": {
			func(w *world) { w.history[0].Fields["total"] = "1100" },
			[]string{"I8-paid-as-shown"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := wellEnded()
			c.wrong(w)
			if got := broken(t, w); !slices.Equal(got, c.want) {
				t.Errorf("broken: got %q, want %q", got, c.want)
			}
		})
	}
}
