package shop

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/observe"
	"stormglass/scenarios/model"
	"stormglass/system/api/catalogue"
)

// row is a row of a table as an audit writes it.
type row = map[string]any

// world is a small shop at the end of a run, as its witnesses describe it, in the words that they use on the wire. It is
// put together by hand so that each part can be made wrong by itself.
type world struct {
	history []load.Operation
	audits  map[string]map[string][]row // by service and table
	intents []row
	refunds []row
	events  int
	mails   []row    // in the mailbox
	texts   []row    // in the messenger
	log     []string // lines of order-1
	retried []int    // numbers of further attempts of calls from the gateway to product
}

// The catalogue is made anew at each call, which is too slow for a thousand worlds.
var (
	goods        = sync.OnceValue(catalogue.Products)
	soldOutGoods = sync.OnceValue(onSale)
)

// begin is when the shoppers of the small shop came; struckAt is when the fault hit it.
var (
	begin    = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	struckAt = begin.Add(4 * time.Second)
)

// wellEnded is a world in which everything is as it must be. Each order costs 1000 and is for one piece of the first
// product of the catalogue, if it got any.
//
//	o-shipped    its checkout was sent twice       o-declined   the card was no good
//	o-refunded   charged, but nobody delivers there  o-regretted  cancelled by its customer before the charge
//	o-refused    its customer has no card but declined ones
//	o-grabbed    took all of what is on sale         o-late       was told that it is sold out
func wellEnded() *world {
	w := &world{audits: map[string]map[string][]row{}, retried: []int{2, 3}}
	for _, service := range []string{"user", "order", "inventory", "payment", "shipping", "notification"} {
		w.audits[service] = map[string][]row{"outbox": {}, "inbox": {}, "outbox_pruned": {}, "inbox_pruned": {}}
	}
	w.audits["cart"] = map[string][]row{"carts": {}}
	for _, table := range [][2]string{{"notification", "messages"}, {"order", "orders"}, {"payment", "payments"}, {"inventory", "stock"}, {"inventory", "reservations"}} {
		w.audits[table[0]][table[1]] = []row{}
	}
	for _, p := range goods() {
		w.add("inventory", "stock", row{"product_id": p.ID, "received": p.Stock, "available": p.Stock, "reserved": 0, "sold": 0})
	}
	w.event("user", "user.registered.v1", "notification")
	w.breakerChange(1, "closed", "open", 0)
	w.breakerChange(2, "open", "half-open", 600*time.Millisecond)
	w.breakerChange(3, "half-open", "closed", 601*time.Millisecond)

	w.order("o-shipped", "k1", shipped, "", shipped)
	w.checkout(opRepeat, "o-shipped", "k1", shipped)
	w.pay("o-shipped", "completed", 1000, 0)
	w.reserve("o-shipped", "committed")
	first := w.audits["inventory"]["stock"][0]
	first["available"], first["sold"] = first["available"].(int64)-1, 1
	w.event("order", "order.created.v1", "inventory", "payment")
	w.event("inventory", "stock.reserved.v1", "payment")
	w.event("payment", "payment.completed.v1", "order", "notification")
	w.event("order", "order.confirmed.v1", "inventory", "shipping", "notification")
	w.event("shipping", "shipment.dispatched.v1", "order", "notification")

	w.order("o-refunded", "k2", cancelled, "shipment_failed", cancelled)
	w.pay("o-refunded", "refunded", 1000, 1000)
	w.refunds[0]["status"], w.refunds[0]["succeeded_at"] = "succeeded", begin.Add(time.Second)
	w.event("payment", "payment.refunded.v1", "notification")
	sent := w.find("payment", "outbox", w.refundEvent())
	sent["key"], sent["time_us"] = "o-refunded", begin.Add(time.Second).UnixMicro()
	w.reserve("o-refunded", "released")

	w.order("o-declined", "k3", cancelled, "payment_declined", cancelled)
	w.pay("o-declined", "failed", 0, 0)
	w.reserve("o-declined", "released")

	w.order("o-refused", "k19", cancelled, paymentDeclined, cancelled)
	w.pay("o-refused", "failed", 0, 0)
	w.reserve("o-refused", "released")
	w.history[len(w.history)-2].Shopper, w.history[len(w.history)-1].Shopper = declinedName, declinedName

	w.order("o-regretted", "k4", cancelled, byCustomer, "")
	w.history = append(w.history, load.Operation{Name: opCancel, Start: begin, End: begin, Outcome: load.Unknown, Fields: map[string]string{"order_id": "o-regretted"}})
	w.pay("o-regretted", "cancelled", 0, 0)
	w.sale()
	w.refreshed(1, opRefresh, load.Unknown)
	w.refreshed(1, opRefreshRepeat, load.OK)
	w.orderedAgain("o-shipped")
	w.put("ada", goods()[1].ID, 2, load.OK)
	w.holds("ada", goods()[1].ID, 2, 100)
	w.plays(
		model.Call{Kind: model.Put, Product: "lamp", Quantity: 1, Version: 5, Lines: map[string]int64{"lamp": 1}},
		model.Call{Kind: model.Order, Key: "h1", Version: 5, Order: "o-played", Lines: map[string]int64{"lamp": 1}},
		model.Call{Kind: model.List, Orders: map[string]model.Placed{
			"o-played": {State: shipped, Total: 7, Lines: map[string]int64{"lamp": 1}, Payment: "completed", Amount: 7},
		}},
		model.Call{Kind: model.Read, Version: 6, Settled: true},
	)
	w.trespassed("eve", "o-shipped", 404)
	w.trespassed("eve", "o-shipped", 503)
	w.history[len(w.history)-1].Set("retry_after", "1s")
	return w
}

// sale is two customers who came to a flash sale: one took all, the other was too late.
func (w *world) sale() {
	on := soldOutGoods()
	all := fmt.Sprintf(`[{"product_id":%q,"quantity":%d}]`, on.ID, on.Stock)
	w.order("o-grabbed", "k5", shipped, "", "")
	w.find("order", "orders", "o-grabbed")["items"] = all
	w.pay("o-grabbed", "completed", 1000, 0)
	w.add("inventory", "reservations", row{"order_id": "o-grabbed", "state": "committed", "lines": all})
	shelf := w.shelf(on.ID)
	shelf["available"], shelf["sold"] = 0, on.Stock

	w.order("o-late", "k6", cancelled, outOfStock, "")
	w.find("order", "orders", "o-late")["items"] = fmt.Sprintf(`[{"product_id":%q,"quantity":1}]`, on.ID)
	w.pay("o-late", "cancelled", 0, 0)
	for i, o := range w.history {
		if id := o.Fields["order_id"]; id == "o-grabbed" || id == "o-late" {
			w.history[i].Shopper = rushName
		}
	}
}

// played is the visit of the history that the small shop's visitors played for the model.
const played = 90

// plays is a history, whose calls came one after the other and were answered.
func (w *world) plays(calls ...model.Call) {
	for i, c := range calls {
		c.Outcome = model.OK
		text, err := json.Marshal(c)
		if err != nil {
			panic(err)
		}
		at := begin.Add(time.Duration(i) * time.Second)
		w.history = append(w.history, load.Operation{
			Visit: played, Shopper: historiesName, Name: opHistory + string(c.Kind), Key: c.Key, Start: at, End: at.Add(time.Millisecond), Outcome: load.OK,
			Fields: map[string]string{"call": string(text)},
		})
	}
}

// orderedAgain is a customer who orders the cart of an order under another key, and is refused.
func (w *world) orderedAgain(order string) *load.Operation {
	o := load.Operation{Name: opOtherKey, Key: "tab", Start: begin, End: begin, Outcome: load.OK, Status: 409}
	o.Set("user_id", w.find("order", "orders", order)["user_id"].(string))
	o.Set("first_order", order)
	o.Set("reason", "cart_ordered")
	o.Set("resource", "/v1/orders/"+order)
	w.history = append(w.history, o)
	return &w.history[len(w.history)-1]
}

// put is a customer who puts pieces of a product into an empty cart.
func (w *world) put(user, product string, quantity int64, outcome load.Outcome) *load.Operation {
	o := load.Operation{Name: opCart, Start: begin, End: begin, Outcome: outcome}
	o.Set("user_id", user)
	o.Set("method", "PUT")
	o.Set("product_id", product)
	o.Set("quantity", num(quantity))
	if outcome == load.OK {
		o.Status = 200
		o.Set("cart", product+":"+num(quantity))
	}
	w.history = append(w.history, o)
	return &w.history[len(w.history)-1]
}

// holds has a customer's cart hold a line at the end.
func (w *world) holds(user, product string, quantity, version int64) {
	w.add("cart", "carts", row{"user_id": user, "version": version, "items": fmt.Sprintf(`[{"product":%q,"quantity":%d,"version":%d}]`, product, quantity, version)})
}

// refreshed is one try of a visit to refresh its session.
func (w *world) refreshed(visit int, name string, outcome load.Outcome) {
	o := load.Operation{Name: name, Visit: visit, Start: begin, End: begin, Outcome: outcome, Fields: map[string]string{"user_id": "ada"}}
	if outcome == load.Failed {
		o.Status = 401
	}
	w.history = append(w.history, o)
}

// shelf gives the stock of a product.
func (w *world) shelf(product string) row {
	stock := w.audits["inventory"]["stock"]
	return stock[slices.IndexFunc(stock, func(r row) bool { return r["product_id"] == product })]
}

func (w *world) add(service, table string, r row) {
	w.audits[service][table] = append(w.audits[service][table], r)
}

// find gives the row of an order in a table.
func (w *world) find(service, table, order string) row {
	for _, r := range w.audits[service][table] {
		if r["id"] == order || r["order_id"] == order {
			return r
		}
	}
	panic("no " + order + " in " + table)
}

// intent gives the charge of an order in the processor's ledger.
func (w *world) intent(order string) row {
	return w.intents[slices.IndexFunc(w.intents, func(i row) bool { return i["order_id"] == order })]
}

// drop takes away the rows that match.
func (w *world) drop(service, table string, match func(row) bool) {
	w.audits[service][table] = slices.DeleteFunc(w.audits[service][table], match)
}

// order is placed, and is final one second later.
func (w *world) order(id, key, state, reason, ends string) {
	w.add("order", "orders", row{
		"id": id, "user_id": "ada", "idempotency_key": key, "state": state, "reason": reason, "total_minor": 1000, "currency": "EUR",
		"items":        `[{"product_id":"` + goods()[0].ID + `","title":"A lamp","quantity":1,"unit_price":{"Minor":1000,"Currency":"EUR"},"line_version":` + num(w.nextCart()) + `}]`,
		"cart_version": w.nextCart(), "duplicate_of": "",
		"created_us": begin.UnixMicro(), "updated_us": begin.Add(time.Second).UnixMicro(),
	})
	w.checkout(opCheckout, id, key, ends)
	w.history = append(w.history, load.Operation{
		Name: opCompletion, Start: begin, End: begin.Add(time.Second), Outcome: load.OK, Status: 200,
		Fields: map[string]string{"order_id": id, "state": state, "ends": ends},
	})
}

// nextCart is the version of the cart that the next order is made from.
func (w *world) nextCart() int64 { return int64(len(w.audits["order"]["orders"]) + 1) }

func (w *world) checkout(name, id, key, ends string) {
	w.history = append(w.history, load.Operation{
		Name: name, Key: key, Start: begin, End: begin.Add(50 * time.Millisecond), Outcome: load.OK, Status: 202,
		Fields: map[string]string{"order_id": id, "user_id": "ada", "total": "1000", "cart_total": "1000", "ends": ends},
	})
}

// pay notes what payment and the processor know of an order's money.
func (w *world) pay(order, state string, captured, refunded int) {
	w.add("payment", "payments", row{"order_id": order, "amount_minor": 1000, "state": state, "since_us": begin.Add(time.Second).UnixMicro()})
	w.intents = append(w.intents, row{"id": "pi-" + order, "order_id": order, "amount": 1000, "captured": captured, "refunded": refunded})
	if refunded > 0 {
		w.refunds = append(w.refunds, row{"id": "re-" + order, "intent": "pi-" + order, "order_id": order, "amount": refunded})
	}
}

func (w *world) reserve(order, state string) {
	lines := `[{"product_id":"` + goods()[0].ID + `","quantity":1}]`
	w.add("inventory", "reservations", row{"order_id": order, "state": state, "lines": lines})
}

// event is one that was sent, and taken in by each consumer once.
func (w *world) event(producer, typ string, consumers ...string) {
	w.events++
	id := "e" + string(rune('a'+w.events))
	w.add(producer, "outbox", row{"id": id, "type": typ, "key": "k", "time_us": 1, "sent_us": 2})
	for _, c := range consumers {
		w.add(c, "inbox", row{"queue": "q." + c, "event_id": id, "type": typ, "applied_us": 3})
	}
	for _, channel := range tells()[typ] {
		w.add("notification", "messages", row{"id": id + "." + channel, "user_id": "ada", "channel": channel, "state": "sent", "unanswered": 0})
		if channel == byEmail {
			w.mail(id, struckAt)
		} else {
			w.texts = append(w.texts, row{"id": id + "." + channel, "to": "ada", "channel": channel, "received_at": struckAt})
		}
	}
}

// refundEvent gives the id of the last event of a refund.
func (w *world) refundEvent() string {
	rows := w.audits["payment"]["outbox"]
	return rows[len(rows)-1]["id"].(string)
}

// unpublish makes as if an event had never happened.
func (w *world) unpublish(producer, event string) {
	w.drop(producer, "outbox", func(r row) bool { return r["id"] == event })
	for service := range w.audits {
		w.drop(service, "inbox", func(r row) bool { return r["event_id"] == event })
	}
	w.drop("notification", "messages", func(r row) bool { return strings.HasPrefix(r["id"].(string), event+".") })
	w.mails = slices.DeleteFunc(w.mails, func(r row) bool { return r["message_id"] == event+"@shop" })
}

// mail is an e-mail about an event that came to its customer.
func (w *world) mail(event string, at time.Time) {
	w.mails = append(w.mails, row{"message_id": event + "@shop", "to": []string{"ada@example.com"}, "received_at": at})
}

// lost makes as if so many attempts at a message had not been answered, and gives the event that it tells of.
func (w *world) lost(message int, attempts int) (event string) {
	m := w.audits["notification"]["messages"][message]
	m["unanswered"] = attempts
	event, _, _ = strings.Cut(m["id"].(string), ".")
	return event
}

// trespassed is a visitor who tried an order and got an answer.
func (w *world) trespassed(user, order string, status int) {
	w.history = append(w.history, load.Operation{
		Name: opTrespass, Start: begin, End: begin, Outcome: load.OK, Status: status,
		Fields: map[string]string{"order_id": order, "user_id": user, "what": "events"},
	})
}

// breakerChange logs a change of order's breaker on the broker, so long after the fault struck.
func (w *world) breakerChange(sequence int, from, to string, after time.Duration) {
	w.log = append(w.log, fmt.Sprintf(`{"level":"info","client":"order","server":"broker","from":%q,"to":%q,"sequence":%d,"time":%q,"message":"breaker changed"}`,
		from, to, sequence, struckAt.Add(after).Format(time.RFC3339Nano)))
}

// collected is what a run collects of the world, its files and its history left out.
func (w *world) collected(t interface {
	Helper()
	Fatal(...any)
}) evidence.Folder {
	t.Helper()
	raw := func(v any) json.RawMessage {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	f := evidence.Folder{
		Run: evidence.Run{
			Name: "by-hand", Telemetry: map[string]string{"breaker_change": "breaker changed"},
			Phases: []evidence.Phase{{Name: evidence.Fault, Start: struckAt.Add(-time.Second), End: struckAt.Add(time.Second)}},
		},
		Doses:  []fault.Dose{{Fault: "kill", Target: "broker", Start: struckAt, End: struckAt.Add(time.Second), Hit: true}},
		Audits: map[string]json.RawMessage{}, Books: map[string]json.RawMessage{},
	}
	for service, tables := range maps.All(w.audits) {
		f.Audits[service+"-1"] = raw(map[string]any{"service": service, "tables": tables})
	}
	f.Books["card-processor"] = raw(map[string]any{"intents": w.intents, "refunds": w.refunds, "webhooks_pending": 0})
	f.Books["mailbox"] = raw(map[string]any{"messages": w.mails})
	f.Books["messenger"] = raw(map[string]any{"messages": w.texts})
	return f
}

// folder writes the world down as a run would, and opens that.
func (w *world) folder(t *testing.T) *evidence.Folder {
	t.Helper()
	f := w.collected(t)
	f.Dir = t.TempDir()
	if err := f.Write(); err != nil {
		t.Fatal(err)
	}
	logs := filepath.Join(f.Dir, "logs")
	if err := os.Mkdir(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(logs, "order-1.log"), []byte(strings.Join(w.log, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.writeRetries(t, f.Dir)
	history, err := os.Create(filepath.Join(f.Dir, evidence.HistoryFile))
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	for _, o := range w.history {
		if err := json.NewEncoder(history).Encode(o); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := evidence.Open(f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// writeRetries adds a span for each further attempt to the traces of a folder.
func (w *world) writeRetries(t *testing.T, dir string) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(dir, tracesFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for i, n := range w.retried {
		span := observe.Span{
			TraceID: fmt.Sprintf("%032x", 1000+i), SpanID: fmt.Sprintf("%016x", 1000+i), Name: "GET /v1/products", Service: "gateway", Start: begin, End: begin,
			Events: []observe.Event{{Name: retriedEvent, Attrs: map[string]string{"link": "gateway -> product", "attempt": num(int64(n))}}},
		}
		if err := json.NewEncoder(file).Encode(span); err != nil {
			t.Fatal(err)
		}
	}
}

// unanswered makes as if no client had got an answer to the checkout of an order, and so none had followed it.
func (w *world) unanswered(order string) {
	w.history = slices.DeleteFunc(w.history, func(o load.Operation) bool { return o.Name == opCompletion && o.Fields["order_id"] == order })
	for i, o := range w.history {
		if isCheckout(o) && o.Fields["order_id"] == order {
			fields := maps.Clone(o.Fields)
			delete(fields, "order_id")
			delete(fields, "total")
			w.history[i].Outcome, w.history[i].Status, w.history[i].Fields = load.Unknown, 0, fields
		}
	}
}

// seen gives what the customer saw of an order's end.
func (w *world) seen(order string) map[string]string {
	i := slices.IndexFunc(w.history, func(o load.Operation) bool { return o.Name == opCompletion && o.Fields["order_id"] == order })
	return w.history[i].Fields
}

// forget makes as if nobody had seen the order's end.
func (w *world) forget(order string) { w.seen(order)["state"] = "" }

func num(n int64) string { return strconv.FormatInt(n, 10) }
