package shop

import (
	"fmt"
	"net/http"

	"pgregory.net/rapid"

	"stormglass/chaos/load"
)

// honest is a shop that does as it should while answers are lost and processes die. It goes on from a world that ended
// well, so that each kind of order is in every history, and everything that it begins is drained at the end.
type honest struct {
	*world
	t      *rapid.T
	number int
}

// honestHistory draws what happens in an honest shop.
func honestHistory(t *rapid.T) *honest {
	h := &honest{world: wellEnded(), t: t}
	for range rapid.IntRange(0, 12).Draw(t, "visits") {
		h.number++
		switch rapid.SampledFrom([]string{"buy", "buy", "buy", "rush", "refresh", "trespass"}).Draw(t, "visit") {
		case "buy":
			h.buys()
		case "rush":
			h.rushes()
		case "refresh":
			h.refreshes()
		case "trespass":
			h.trespasses()
		}
	}
	return h
}

// What becomes of one request to somebody who may not answer.
const (
	answered    = "answered"
	answerLost  = "the answer is lost"
	requestLost = "the request is lost"
	senderDied  = "the sender dies when it is sent"
	refusedOnce = "turned away"
)

// mostLost bounds how often one thing is lost.
const mostLost = 3

func (h *honest) fate(what string, fates ...string) string {
	return rapid.SampledFrom(append([]string{answered, answered}, fates...)).Draw(h.t, what)
}

// insists has something done by somebody who knows it by a key: it is sent until it is answered, and done once.
func (h *honest) insists(what string, do func()) {
	done := false
	for try := 0; ; try++ {
		fate := answered
		if try < mostLost {
			fate = h.fate(what, answerLost, requestLost, senderDied)
		}
		if fate != requestLost && !done {
			do()
			done = true
		}
		if fate == answered {
			return
		}
	}
}

// placing is a checkout and what it is for.
type placing struct {
	id, user, key, shopper, product string
	pieces                          int64
	errand                          errand
}

func (p placing) total() int64 { return 1000 * p.pieces }

func (p placing) lines() string {
	return fmt.Sprintf(`[{"product_id":%q,"quantity":%d,"line_version":1}]`, p.product, p.pieces)
}

// buys is a visit of browse-and-buy or of cards-declined.
func (h *honest) buys() {
	errands := []errand{errandOf(0), errandOf(2), errandOf(12), declined(0)}
	p := h.placing(rapid.SampledFrom(errands).Draw(h.t, "errand"), goods()[rapid.IntRange(0, 3).Draw(h.t, "product")].ID)
	p.pieces = rapid.Int64Range(1, 2).Draw(h.t, "pieces")
	if p.errand == declined(0) && rapid.Bool().Draw(h.t, "all of whose cards are declined") {
		p.shopper = declinedName
	}
	if rapid.IntRange(0, 9).Draw(h.t, "cart") == 9 { // the change arrives after the cart was read
		h.did(p, opCart, load.Unknown, 0)
		h.did(p, opCheckout, load.Failed, http.StatusConflict)
		return
	}
	if h.checksOut(p, 2) {
		h.comesBack(p)
	}
}

// comesBack is what a customer does with the cart after an order: order it again under another key, or put more into it.
func (h *honest) comesBack(p placing) {
	if rapid.Bool().Draw(h.t, "orders again") {
		o := h.orderedAgain(p.id)
		if fate := h.fate("second order", answerLost, requestLost); fate != answered {
			o.Outcome, o.Status = load.Unknown, 0
			delete(o.Fields, "reason")
			delete(o.Fields, "resource")
		}
	}
	if !rapid.Bool().Draw(h.t, "adds more") {
		return
	}
	switch h.fate("put into the cart", answerLost, requestLost) {
	case answered:
		h.put(p.user, p.product, 1, load.OK)
	case answerLost:
		h.put(p.user, p.product, 1, load.Unknown)
	case requestLost:
		h.put(p.user, p.product, 1, load.Unknown)
		return
	}
	h.holds(p.user, p.product, 1, int64(1000+h.number))
}

// rushes is a visit of flash-sale, after everything is gone.
func (h *honest) rushes() {
	p := h.placing(errand{card: goodCard, country: "DE"}, soldOutGoods().ID)
	p.shopper = rushName
	h.checksOut(p, 4)
}

func (h *honest) placing(e errand, product string) placing {
	n := fmt.Sprint(h.number)
	return placing{id: "o-" + n, user: "customer-" + n, key: "visit-" + n, product: product, pieces: 1, errand: e}
}

// did is an operation of a visit that gave no order.
func (h *honest) did(p placing, name string, outcome load.Outcome, status int) *load.Operation {
	h.history = append(h.history, load.Operation{
		Visit: 100 + h.number, Shopper: p.shopper, Name: name, Key: p.key, Start: begin, End: begin, Outcome: outcome, Status: status,
		Fields: map[string]string{"user_id": p.user, "cart_total": num(p.total()), "ends": p.errand.ends},
	})
	return &h.history[len(h.history)-1]
}

// checksOut sends an order under one key, at most so often, and has the shop make one of it if any of them arrives.
// It says whether the customer saw it accepted.
func (h *honest) checksOut(p placing, tries int) bool {
	made, accepted := false, false
	for try, name := 0, opCheckout; try < tries; try, name = try+1, opRepeat {
		fate := h.fate("checkout", answerLost, requestLost, refusedOnce)
		made = made || fate == answered || fate == answerLost
		switch fate {
		case refusedOnce:
			h.did(p, name, load.Failed, http.StatusServiceUnavailable).Set("retry_after", "1s")
		case answered:
			accepted = true
			o := h.did(p, name, load.OK, http.StatusAccepted)
			o.Set("order_id", p.id)
			o.Set("total", num(p.total()))
		default:
			h.did(p, name, load.Unknown, rapid.SampledFrom([]int{0, http.StatusGatewayTimeout}).Draw(h.t, "status"))
		}
		if fate == answered && rapid.IntRange(0, 4).Draw(h.t, "again") > 0 {
			break
		}
	}
	if !made {
		return false
	}
	h.makes(p)
	if accepted {
		h.watches(p)
	}
	return accepted
}

// makes is the order's way through the services to its end.
func (h *honest) makes(p placing) {
	h.add("order", "orders", row{
		"id": p.id, "user_id": p.user, "idempotency_key": p.key, "state": "pending", "reason": "", "total_minor": p.total(), "items": p.lines(), "cart_version": h.nextCart(),
		"created_us": begin.UnixMicro(), "updated_us": begin.UnixMicro(),
	})
	h.happens(p.user, "order", "order.created.v1")
	shelf := h.shelf(p.product)
	if left := count(shelf["available"]); left < p.pieces {
		h.happens(p.user, "inventory", "stock.rejected.v1")
		h.owes(p, "cancelled")
		h.cancels(p, outOfStock)
		return
	}
	h.happens(p.user, "inventory", "stock.reserved.v1")
	h.add("inventory", "reservations", row{"order_id": p.id, "state": "released", "lines": p.lines()})
	h.sells(p)
}

// sells has the order paid and shipped, or undoes what was done for it.
func (h *honest) sells(p placing) {
	if p.errand.regrets {
		h.regrets(p)
		return
	}
	charge := h.owes(p, "due")
	if p.errand.card == badCard {
		h.find("payment", "payments", p.id)["state"] = "failed"
		h.happens(p.user, "payment", "payment.failed.v1")
		h.cancels(p, paymentDeclined)
		return
	}
	h.insists("charge", func() { charge["captured"] = count(charge["captured"]) + p.total() })
	h.find("payment", "payments", p.id)["state"] = "completed"
	h.happens(p.user, "payment", "payment.completed.v1")
	h.happens(p.user, "order", "order.confirmed.v1")
	if p.errand.country == "AQ" {
		h.happens(p.user, "shipping", "shipment.failed.v1")
		h.cancels(p, "shipment_failed")
		h.refunds(p, charge)
		return
	}
	h.find("inventory", "reservations", p.id)["state"] = "committed"
	shelf := h.shelf(p.product)
	shelf["available"], shelf["sold"] = count(shelf["available"])-p.pieces, count(shelf["sold"])+p.pieces
	h.happens(p.user, "shipping", "shipment.dispatched.v1")
	h.find("order", "orders", p.id)["state"] = shipped
}

// regrets is a customer who cancels, whether the answer comes or not, perhaps while a charge is under way.
func (h *honest) regrets(p placing) {
	outcome := rapid.SampledFrom([]load.Outcome{load.OK, load.Unknown}).Draw(h.t, "cancel")
	h.did(p, opCancel, outcome, 0).Set("order_id", p.id)
	charge := h.owes(p, "cancelled")
	h.cancels(p, byCustomer)
	if rapid.Bool().Draw(h.t, "charged meanwhile") {
		h.insists("charge", func() { charge["captured"] = count(charge["captured"]) + p.total() })
		h.refunds(p, charge)
	}
}

// owes begins a charge.
func (h *honest) owes(p placing, state string) (charge row) {
	h.add("payment", "payments", row{"order_id": p.id, "amount_minor": p.total(), "state": state, "since_us": begin.UnixMicro()})
	charge = row{"id": "pi-" + p.id, "order_id": p.id, "amount": p.total(), "captured": int64(0), "refunded": int64(0)}
	h.intents = append(h.intents, charge)
	return charge
}

// refunds gives everything back. The processor's answer may still be on its way at the end.
func (h *honest) refunds(p placing, charge row) {
	h.insists("refund", func() {
		charge["refunded"] = count(charge["refunded"]) + p.total()
		h.world.refunds = append(h.world.refunds, row{"id": "re-" + p.id, "intent": charge["id"], "order_id": p.id, "amount": p.total()})
	})
	h.find("payment", "payments", p.id)["state"] = rapid.SampledFrom([]string{"refunded", "refunded", "refunding"}).Draw(h.t, "refund known")
	h.happens(p.user, "payment", "payment.refunded.v1")
	sent := h.audits["payment"]["outbox"]
	sent[len(sent)-1]["key"] = p.id
}

func (h *honest) cancels(p placing, reason string) {
	o := h.find("order", "orders", p.id)
	o["state"], o["reason"] = cancelled, reason
	h.happens(p.user, "order", "order.cancelled.v1")
}

// watches is the customer who follows the order, and may give up on it.
func (h *honest) watches(p placing) {
	state := h.find("order", "orders", p.id)["state"].(string)
	outcome := load.OK
	if rapid.IntRange(0, 3).Draw(h.t, "watched to the end") == 3 {
		outcome, state = load.Unknown, rapid.SampledFrom([]string{"", "pending", state}).Draw(h.t, "last seen")
	}
	o := h.did(p, opCompletion, outcome, http.StatusOK)
	o.Set("order_id", p.id)
	o.Set("state", state)
}

// happens commits an event, publishes it until the broker confirms it, and has its consumers take it in once. The process may
// die between the commit and each publication.
func (h *honest) happens(user, producer, typ string) {
	h.events++
	id := "e" + string(rune('a'+h.events))
	event := row{"id": id, "type": typ, "key": user, "time_us": 1, "sent_us": 0}
	h.add(producer, "outbox", event)
	for try := 0; event["sent_us"] == 0; try++ {
		fate := answered
		if try < mostLost {
			fate = h.fate("publish", answerLost, requestLost, senderDied)
		}
		if fate == requestLost || fate == senderDied {
			continue
		}
		for _, service := range consumers()[typ] {
			h.takesIn(service, id, typ, user)
		}
		if fate == answered {
			event["sent_us"] = 2
		}
	}
	if rapid.IntRange(0, 19).Draw(h.t, "last confirmation") == 19 {
		event["sent_us"] = 0 // it was noted by a process that died before its commit
	}
}

// takesIn applies an event unless the service's inbox has it.
func (h *honest) takesIn(service, id, typ, user string) {
	for _, r := range h.audits[service]["inbox"] {
		if r["event_id"] == id {
			return
		}
	}
	h.add(service, "inbox", row{"queue": "q." + service, "event_id": id, "type": typ, "applied_us": 3})
	if service != "notification" {
		return
	}
	for _, channel := range tells()[typ] {
		h.notifies(id, channel, user)
	}
}

// notifies sends a message until that is answered. SMTP knows no keys: an e-mail comes by each attempt that arrives.
func (h *honest) notifies(event, channel, user string) {
	message := row{"id": event + "." + channel, "user_id": user, "channel": channel, "state": "sent", "unanswered": int64(0)}
	h.add("notification", "messages", message)
	if channel == bySMS && rapid.Bool().Draw(h.t, "has no number") {
		message["state"] = "skipped"
		return
	}
	if channel != byEmail {
		h.insists(channel, func() {
			h.texts = append(h.texts, row{"id": message["id"], "to": user, "channel": channel, "received_at": struckAt})
		})
		return
	}
	for try, fate := 0, ""; fate != answered; try++ {
		fate = answered
		if try < mostLost {
			fate = h.fate(byEmail, answerLost, requestLost, senderDied)
		}
		if fate == answerLost || fate == senderDied {
			message["unanswered"] = count(message["unanswered"]) + 1
		}
		if fate == answered || fate != requestLost && rapid.Bool().Draw(h.t, "arrived") {
			h.mail(event, struckAt)
		}
	}
}

// refreshes is a visit that trades its token, again while no answer comes.
func (h *honest) refreshes() {
	for try, name := 0, opRefresh; try < mostLost; try, name = try+1, opRefreshRepeat {
		outcome := rapid.SampledFrom([]load.Outcome{load.OK, load.Unknown, load.Failed}).Draw(h.t, "refresh")
		h.refreshed(100+h.number, name, outcome)
		last := &h.history[len(h.history)-1]
		if outcome == load.Failed {
			last.Status = http.StatusServiceUnavailable
			last.Set("retry_after", "1s")
		}
		if outcome == load.OK {
			return
		}
	}
}

// trespasses is a visit that tries another customer's order.
func (h *honest) trespasses() {
	order := rapid.SampledFrom(h.audits["order"]["orders"]).Draw(h.t, "order")["id"].(string)
	status := rapid.SampledFrom([]int{http.StatusNotFound, 0, http.StatusServiceUnavailable}).Draw(h.t, "trespass")
	h.trespassed("eve", order, status)
	last := &h.history[len(h.history)-1]
	last.Set("what", rapid.SampledFrom([]string{"events", "cancel"}).Draw(h.t, "what"))
	switch status {
	case 0:
		last.Outcome = load.Unknown
	case http.StatusServiceUnavailable:
		last.Outcome = load.Failed
		last.Set("retry_after", "1s")
	}
}

// count reads a number of a row, whichever way it was written.
func count(v any) int64 {
	switch n := v.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	panic(fmt.Sprintf("%v is no number", v))
}
