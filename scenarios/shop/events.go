package shop

import (
	"fmt"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

// consumers lists who takes in what. The cart's queue is not in it: carts have no database and so no inbox, and clear a cart
// by its version instead, which is harmless to repeat.
func consumers() map[string][]string {
	return map[string][]string{
		"user.registered.v1":     {"notification"},
		"user.changed.v1":        {"notification"},
		"order.created.v1":       {"inventory", "payment"},
		"stock.reserved.v1":      {"payment"},
		"stock.rejected.v1":      {"order"},
		"payment.completed.v1":   {"order", "notification"},
		"payment.failed.v1":      {"order"},
		"payment.refunded.v1":    {"notification"},
		"order.confirmed.v1":     {"inventory", "shipping", "notification"},
		"order.cancelled.v1":     {"inventory", "payment", "notification"},
		"shipment.dispatched.v1": {"order", "notification"},
		"shipment.failed.v1":     {"order"},
	}
}

// writers are the services with an outbox and an inbox.
func writers() []string {
	return []string{"user", "order", "inventory", "payment", "shipping", "notification"}
}

type outboxRow struct {
	ID, Type, Key string
	Time          int64 `json:"time_us"`
	Sent          int64 `json:"sent_us"`
}

type inboxRow struct {
	Queue string
	Event string `json:"event_id"`
	Type  string
}

// post is all events of the shop: what was committed, and how often each service took in which.
type post struct {
	outbox []outboxRow
	inbox  map[string]map[string]int // by service and event
}

// eventsOnce is I6. An event in a dead-letter queue is in no inbox of that queue's service, so that it is missed here.
func eventsOnce(f *evidence.Folder) (verdict.Result, error) {
	p, err := postOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	by, known, unconfirmed := consumers(), map[string]bool{}, 0
	for _, e := range p.outbox {
		known[e.ID] = true
		services, ok := by[e.Type]
		t.also(ok, "nobody is known to consume %s", e.Type)
		arrived := p.arrived(e.ID, services)
		t.also(e.Sent > 0 || arrived, "%s %s was committed and never sent", e.Type, e.ID)
		if e.Sent == 0 && arrived {
			unconfirmed++
		}
		for _, service := range services {
			n := p.inbox[service][e.ID]
			t.expect(n == 1, "%s took in %s %s %d times", service, e.Type, e.ID, n)
		}
	}
	for service, events := range inOrder(p.inbox) {
		for id := range inOrder(events) {
			t.also(known[id], "%s took in event %s, which nobody committed", service, id)
		}
	}
	return t.result("%d events, taken in at %d places; %d were sent and not confirmed yet", len(p.outbox), t.compared, unconfirmed), nil
}

// arrived says that each consumer has an event: then it was sent, whether or not the broker's confirmation was lost.
func (p post) arrived(event string, services []string) bool {
	for _, service := range services {
		if p.inbox[service][event] == 0 {
			return false
		}
	}
	return len(services) > 0
}

func postOf(f *evidence.Folder) (post, error) {
	p := post{inbox: map[string]map[string]int{}}
	for _, service := range writers() {
		sent, err := table[outboxRow](f, service, "outbox")
		if err != nil {
			return post{}, err
		}
		taken, err := table[inboxRow](f, service, "inbox")
		if err != nil {
			return post{}, err
		}
		if err := unpruned(f, service); err != nil {
			return post{}, err
		}
		p.outbox = append(p.outbox, sent...)
		p.inbox[service] = map[string]int{}
		for _, row := range taken {
			p.inbox[service][row.Event]++
		}
	}
	return p, nil
}

// unpruned makes sure that a service has not deleted old events yet, which nobody could compare any more.
func unpruned(f *evidence.Folder, service string) error {
	for _, name := range []string{"outbox_pruned", "inbox_pruned"} {
		rows, err := table[struct{}](f, service, name)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			return fmt.Errorf("compare events of %s: it has deleted old ones, see %s", service, name)
		}
	}
	return nil
}
