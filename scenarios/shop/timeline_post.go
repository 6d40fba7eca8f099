package shop

import (
	"slices"
	"strconv"
	"strings"

	"stormglass/chaos/load"
)

// eventRow is an event in an outbox, with the order that it is about.
type eventRow struct {
	ID, Type, Key string
	Time          int64 `json:"time_us"`
	Sent          int64 `json:"sent_us"`
}

// intakeRow is an event in an inbox.
type intakeRow struct {
	Event   string `json:"event_id"`
	Type    string
	Applied int64 `json:"applied_us"`
}

// name is an event in words.
func (e eventRow) name() string { return eventName(e.Type, e.ID) }

func eventName(typ, id string) string { return strings.TrimSuffix(typ, ".v1") + " " + short(id) }

// customers tells what the order's customer, and those who tried to be, asked for and saw. An operation whose answer got
// lost names no order, but the key with which it was placed.
func (c *chronicle) customers() error {
	rows, err := ordersOf(c.Folder)
	key := ""
	if i := slices.IndexFunc(rows, func(o orderRow) bool { return o.ID == c.order }); i >= 0 {
		key = rows[i].Key
	}
	for _, o := range c.History {
		if o.Fields["order_id"] != c.order && (o.Key == "" || o.Key != key) {
			continue
		}
		switch o.Name {
		case opCheckout, opRepeat:
			c.say(o.Start, "customer", "%s of a cart over %s, with key %s", checkoutWord(o.Name), said(o, "cart_total"), o.Key)
			c.say(o.End, "customer", "%s: %s", checkoutWord(o.Name), answer(o))
		case opCompletion:
			c.say(o.End, "customer", "follows the order: %s", answer(o))
		case opTrespass:
			c.say(o.End, "another customer", "tries %s of this order: %s", o.Fields["what"], answer(o))
		default:
			c.say(o.End, "customer", "%s: %s", o.Name, answer(o))
		}
	}
	return err
}

func checkoutWord(name string) string {
	if name == opRepeat {
		return "the same checkout again"
	}
	return "checkout"
}

// said is an amount in an operation.
func said(o load.Operation, field string) string {
	minor, err := strconv.ParseInt(o.Fields[field], 10, 64)
	if err != nil {
		return "?"
	}
	return price(minor, o.Fields["currency"])
}

// answer is what a customer heard.
func answer(o load.Operation) string {
	text := string(o.Outcome)
	if status := strconv.Itoa(o.Status); o.Status != 0 && !strings.HasPrefix(o.Detail, status) {
		text += ", " + status
	}
	if state := o.Fields["state"]; state != "" {
		text += ", the order is " + because(state, o.Fields["reason"])
	}
	if o.Detail != "" {
		text += ": " + o.Detail
	}
	return text
}

// because is a state with its reason.
func because(state, reason string) string {
	if reason == "" {
		return state
	}
	return state + " (" + reason + ")"
}

// events are those of the order, with the service that wrote each.
func (c *chronicle) events() (map[string]eventRow, error) {
	mine := map[string]eventRow{}
	for _, service := range writers() {
		rows, err := table[eventRow](c.Folder, service, "outbox")
		if err != nil {
			return nil, err
		}
		for _, e := range rows {
			if e.Key == c.order {
				mine[e.ID] = e
			}
		}
	}
	return mine, nil
}

// post tells when each event was written into its outbox, together with the change that it tells of.
func (c *chronicle) post() error {
	for _, service := range writers() {
		rows, err := table[eventRow](c.Folder, service, "outbox")
		if err != nil {
			return err
		}
		for _, e := range rows {
			switch {
			case e.Key != c.order:
			case e.Sent == 0:
				c.say(micros(e.Time), service+" outbox", "keeps %s, never sent", e.name())
			default:
				c.say(micros(e.Time), service+" outbox", "keeps %s, to be sent", e.name())
			}
		}
	}
	return nil
}
