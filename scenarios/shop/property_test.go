package shop

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
)

// collectedIn gives the evidence of a history. What checks read from files is the same for all, and in dir.
func (h *honest) collectedIn(dir string) *evidence.Folder {
	f := h.collected(h.t)
	f.Dir, f.History = dir, h.history
	for i := range f.History {
		f.History[i].Seq = i + 1
	}
	return &f
}

func TestNoHonestHistoryBreaksAnything(t *testing.T) {
	dir := wellEnded().folder(t).Dir
	all := append(expectations(), invariants()...)
	var again, unanswered int
	rapid.Check(t, func(t *rapid.T) {
		h := honestHistory(t)
		f := h.collectedIn(dir)
		for _, c := range all {
			if r := c.Func(f); !r.Holds || r.Inconclusive != "" {
				t.Errorf("%s: %+v", c.Name, r)
			}
		}
		messages := len(slices.DeleteFunc(slices.Clone(h.audits["notification"]["messages"]), func(m row) bool { return m["channel"] != byEmail }))
		again += len(h.mails) - messages
		for _, o := range h.history {
			if isCheckout(o) && o.Outcome == load.Unknown {
				unanswered++
			}
		}
	})
	if again == 0 || unanswered == 0 {
		t.Errorf("%d e-mails came again and %d checkouts were not answered: the histories lose nothing", again, unanswered)
	}
}

// lie makes one thing of an honest history wrong.
type lie struct {
	name, check string
	tell        func(h *honest)
}

// lies lists all of them, by what they are about.
func lies() map[string][]lie {
	return map[string][]lie{
		"goods": liesAboutGoods(), "money": liesAboutMoney(), "orders": liesAboutOrders(), "events": liesAboutEvents(), "answers": liesAboutAnswers(), "carts": liesAboutCarts(),
	}
}

func TestEachDishonestHistoryBreaksItsCheck(t *testing.T) {
	dir := wellEnded().folder(t).Dir
	for about, family := range inOrder(lies()) {
		t.Run(about, func(t *testing.T) {
			told := map[string]bool{}
			rapid.Check(t, func(rt *rapid.T) {
				h := honestHistory(rt)
				l := family[rapid.IntRange(0, len(family)-1).Draw(rt, "lie")]
				l.tell(h)
				told[l.name] = true
				if r := check(t, l.check).Func(h.collectedIn(dir)); r.Holds || r.Inconclusive != "" || len(r.Broken) == 0 {
					rt.Errorf("%s: %s: %+v", l.name, l.check, r)
				}
			})
			if len(told) < len(family) && !t.Failed() {
				t.Errorf("%d of %d lies were told", len(told), len(family))
			}
		})
	}
}

// some draws one of a table's rows that match.
func (h *honest) some(what string, rows []row, match func(row) bool) row {
	return rapid.SampledFrom(slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !match(r) })).Draw(h.t, what)
}

// an order in a state, drawn.
func (h *honest) anOrder(state string) row {
	return h.some("order", h.audits["order"]["orders"], func(o row) bool { return state == "" || o["state"] == state })
}

// op draws one of the operations that match.
func (h *honest) op(what string, match func(load.Operation) bool) *load.Operation {
	var all []int
	for i, o := range h.history {
		if match(o) {
			all = append(all, i)
		}
	}
	return &h.history[rapid.SampledFrom(all).Draw(h.t, what)]
}

func (h *honest) anAcceptance() row {
	o := h.op("acceptance", func(o load.Operation) bool { return isCheckout(o) && o.Outcome == load.OK })
	return h.find("order", "orders", o.Fields["order_id"])
}

func liesAboutGoods() []lie {
	product := func(h *honest) row {
		return h.shelf(goods()[rapid.IntRange(0, 20).Draw(h.t, "product")].ID)
	}
	return []lie{
		{"a piece vanished", "I1-stock-adds-up", func(h *honest) { s := product(h); s["available"] = count(s["available"]) - 1 }},
		{"a piece too many was sold", "I1-stock-adds-up", func(h *honest) { s := product(h); s["sold"] = count(s["sold"]) + 1 }},
		{"shipped goods went back", "I1-stock-follows-orders", func(h *honest) {
			h.find("inventory", "reservations", h.anOrder(shipped)["id"].(string))["state"] = "released"
		}},
		{"other goods were shipped", "I1-stock-follows-orders", func(h *honest) {
			h.anOrder(shipped)["items"] = `[{"product_id":"` + goods()[30].ID + `","quantity":1}]`
		}},
		{"a piece of the sale is left", "sale-fair", func(h *honest) { h.shelf(soldOutGoods().ID)["available"] = 1 }},
		{"a customer of the sale was told nothing", "sale-fair", func(h *honest) {
			h.did(placing{user: "eve", key: "k-eve", shopper: rushName}, opCheckout, load.Failed, http.StatusInternalServerError)
		}},
	}
}

func liesAboutMoney() []lie {
	return []lie{
		{"charged twice", "I2-charged-once", func(h *honest) {
			again := maps.Clone(h.intent(h.anOrder(shipped)["id"].(string)))
			again["id"] = "pi-again"
			h.intents = append(h.intents, again)
		}},
		{"shipped unpaid", "I2-charged-once", func(h *honest) {
			id := h.anOrder(shipped)["id"].(string)
			h.find("payment", "payments", id)["state"], h.intent(id)["captured"] = "failed", 0
		}},
		{"charged half", "I2-charged-once", func(h *honest) { h.intent(h.anOrder(shipped)["id"].(string))["captured"] = 7 }},
		{"refunded what is shipped", "I2-charged-once", func(h *honest) {
			i := h.intent(h.anOrder(shipped)["id"].(string))
			i["refunded"] = i["captured"]
			h.world.refunds = append(h.world.refunds, row{"id": "re-x", "intent": i["id"], "amount": i["captured"]})
		}},
		{"money of a cancelled order is kept", "I3-refunded", func(h *honest) {
			o := h.some("order", h.audits["order"]["orders"], func(o row) bool { return o["state"] == cancelled })
			i := h.intent(o["id"].(string))
			i["captured"] = count(i["refunded"]) + 1000
		}},
		{"an order over more than the cart said", "I8-paid-as-shown", func(h *honest) { o := h.anOrder(""); o["total_minor"] = count(o["total_minor"]) + 1 }},
		{"a charge over more than the cart said", "I8-paid-as-shown", func(h *honest) {
			i := h.intent(h.anOrder(shipped)["id"].(string))
			i["captured"] = count(i["captured"]) + 1
		}},
		{"a declined card was charged", "orders-declined", func(h *honest) {
			o := h.op("declined", func(o load.Operation) bool { return isCheckout(o) && o.Shopper == declinedName && o.Outcome == load.OK })
			h.intent(o.Fields["order_id"])["captured"] = 1000
		}},
	}
}

func liesAboutOrders() []lie {
	return []lie{
		{"an accepted order is lost", "I4-accepted-is-final", func(h *honest) {
			id := h.anAcceptance()["id"]
			h.drop("order", "orders", func(r row) bool { return r["id"] == id })
		}},
		{"an accepted order hangs", "I4-accepted-is-final", func(h *honest) { h.anAcceptance()["state"] = "confirmed" }},
		{"an order turned after its customer saw it end", "I4-accepted-is-final", func(h *honest) {
			seen := h.op("completion", func(o load.Operation) bool { return o.Name == opCompletion && o.Outcome == load.OK })
			o := h.find("order", "orders", seen.Fields["order_id"])
			o["state"] = map[any]string{shipped: cancelled, cancelled: shipped}[o["state"]]
		}},
		{"an order hangs that nobody saw", "orders-final", func(h *honest) { h.anOrder("")["state"] = "pending" }},
		{"an order that nothing spoke against was cancelled", "orders-shipped", func(h *honest) {
			bought := h.op("purchase", func(o load.Operation) bool {
				return isCheckout(o) && o.Outcome == load.OK && o.Fields["ends"] == shipped && h.find("order", "orders", o.Fields["order_id"])["state"] == shipped
			})
			o := h.find("order", "orders", bought.Fields["order_id"])
			o["state"], o["reason"] = cancelled, "deadline"
		}},
		{"a second order under one key", "I5-same-key-same-order", func(h *honest) {
			second := maps.Clone(h.anOrder(""))
			second["id"] = "o-second"
			h.add("order", "orders", second)
		}},
		{"a key that gave an order is refused later", "I5-same-key-same-order", func(h *honest) {
			o := h.op("acceptance", func(o load.Operation) bool { return isCheckout(o) && o.Outcome == load.OK })
			again := *o
			again.Name, again.Start, again.End = opRepeat, o.End.Add(time.Second), o.End.Add(time.Second)
			again.Outcome, again.Status = load.Failed, http.StatusConflict
			h.history = append(h.history, again)
		}},
		{"a key was answered with another order", "I5-same-key-same-order", func(h *honest) {
			o := h.op("acceptance", func(o load.Operation) bool { return isCheckout(o) && o.Outcome == load.OK })
			again := *o
			again.Name, again.Fields = opRepeat, maps.Clone(o.Fields)
			again.Set("order_id", "o-other")
			h.history = append(h.history, again)
		}},
		{"a stranger saw an order", "I7-orders-are-private", func(h *honest) { h.trespassed("eve", h.anOrder("")["id"].(string), http.StatusOK) }},
		{"a stranger without an answer cancelled an order", "I7-orders-are-private", func(h *honest) {
			o := h.anOrder(shipped)
			o["state"], o["reason"] = cancelled, byCustomer
			h.trespassed("eve", o["id"].(string), 0)
			h.history[len(h.history)-1].Set("what", "cancel")
		}},
	}
}

func liesAboutCarts() []lie {
	// two orders of one customer
	two := func(h *honest) (first, second row) {
		ada := slices.DeleteFunc(slices.Clone(h.audits["order"]["orders"]), func(o row) bool { return o["user_id"] != "ada" })
		i := rapid.IntRange(1, len(ada)-1).Draw(h.t, "second order")
		return ada[0], ada[i]
	}
	return []lie{
		{"one cart gave two orders", "I10-cart-ordered-once", func(h *honest) {
			first, second := two(h)
			second["cart_version"] = first["cart_version"]
		}},
		{"a line that was ordered is ordered again", "I10-cart-ordered-once", func(h *honest) {
			first, second := two(h)
			second["items"] = first["items"]
		}},
		{"an ordered line stays in the cart", "I10-cart-ordered-once", func(h *honest) {
			first, _ := two(h)
			h.holds("ada", goods()[0].ID, 1, count(first["cart_version"]))
		}},
		{"a second order of a cart was accepted", "I10-cart-ordered-once", func(h *honest) {
			o := h.orderedAgain(h.anOrder("")["id"].(string))
			o.Status = 202
			o.Set("order_id", "o-again")
		}},
		{"a second order of a cart was refused in the name of another", "I10-cart-ordered-once", func(h *honest) {
			h.orderedAgain(h.anOrder("")["id"].(string)).Set("resource", "/v1/orders/o-other")
		}},
		{"what was put into the cart after an order is gone", "I10-cart-ordered-once", func(h *honest) {
			h.put("grace", goods()[0].ID, 1, load.OK)
		}},
		{"what was put into the cart is not shown", "I10-cart-ordered-once", func(h *honest) {
			h.put("grace", goods()[0].ID, 1, load.OK)
			h.put("grace", goods()[1].ID, 1, load.OK) // the answer shows this product alone
			h.holds("grace", goods()[0].ID, 1, 5)
		}},
	}
}

func liesAboutEvents() []lie {
	inbox := func(h *honest) (service string) {
		with := slices.DeleteFunc(writers(), func(s string) bool { return len(h.audits[s]["inbox"]) == 0 })
		return rapid.SampledFrom(with).Draw(h.t, "service")
	}
	message := func(h *honest, channel string) row {
		return h.some("message", h.audits["notification"]["messages"], func(m row) bool { return m["channel"] == channel && m["state"] == "sent" })
	}
	return []lie{
		{"an event had no effect", "I6-events-once", func(h *honest) {
			service := inbox(h)
			lost := h.some("event", h.audits[service]["inbox"], func(row) bool { return true })["event_id"]
			h.drop(service, "inbox", func(r row) bool { return r["event_id"] == lost })
		}},
		{"an event had its effect twice", "I6-events-once", func(h *honest) {
			service := inbox(h)
			h.add(service, "inbox", h.some("event", h.audits[service]["inbox"], func(row) bool { return true }))
		}},
		{"an event that nobody committed", "I6-events-once", func(h *honest) {
			h.add(inbox(h), "inbox", row{"queue": "q", "event_id": "e-none", "type": "order.created.v1"})
		}},
		{"an e-mail came once more than its lost answers allow", "I9-told-once", func(h *honest) {
			m := message(h, byEmail)
			event := strings.TrimSuffix(m["id"].(string), "."+byEmail)
			for range 1 + count(m["unanswered"]) {
				h.mail(event, struckAt)
			}
		}},
		{"a push came twice", "I9-told-once", func(h *honest) {
			id := message(h, byPush)["id"]
			h.texts = append(h.texts, h.some("push", h.texts, func(m row) bool { return m["id"] == id }))
		}},
		{"a lost answer was taken for a sent e-mail", "I9-told-once", func(h *honest) {
			m := message(h, byEmail)
			m["unanswered"] = count(m["unanswered"]) + 1
			lost := strings.TrimSuffix(m["id"].(string), "."+byEmail) + "@shop"
			h.mails = slices.DeleteFunc(h.mails, func(m row) bool { return m["message_id"] == lost })
		}},
		{"an e-mail under another id", "I9-told-once", func(h *honest) { h.mail("e-none", struckAt) }},
		{"a message was given up", "I9-told-once", func(h *honest) { message(h, byEmail)["state"] = "failed" }},
	}
}

func liesAboutAnswers() []lie {
	return []lie{
		{"turned away without a word", "turned-away-politely", func(h *honest) {
			o := h.op("refusal", func(o load.Operation) bool {
				return o.Status == http.StatusServiceUnavailable && o.Outcome != load.Unknown
			})
			delete(o.Fields, "retry_after")
		}},
		{"a lost answer ended a session", "sessions-go-on", func(h *honest) {
			h.number++
			h.refreshed(100+h.number, opRefresh, load.Unknown)
			for range rapid.IntRange(0, 2).Draw(h.t, "more lost answers") {
				h.refreshed(100+h.number, opRefreshRepeat, load.Unknown)
			}
			h.refreshed(100+h.number, opRefreshRepeat, load.Failed)
		}},
	}
}

// TestEveryInvariantHasALie keeps the families complete.
func TestEveryInvariantHasALie(t *testing.T) {
	told := map[string]bool{}
	for _, family := range lies() {
		for _, l := range family {
			told[l.check] = true
		}
	}
	for _, c := range invariants() {
		if !told[c.Name] {
			t.Errorf("there is no dishonest history for %s", c.Name)
		}
	}
}
