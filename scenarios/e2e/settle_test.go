package e2e

import (
	"errors"
	"fmt"

	"stormglass/internal/await"
)

// consumers are the queues that take each type of event and keep an inbox. The cart's, which keeps none, is left out.
func consumers() map[string][]string {
	return map[string][]string{
		"user.registered.v1":     {"q.notification"},
		"user.changed.v1":        {"q.notification"},
		"order.created.v1":       {"q.inventory", "q.payment"},
		"stock.reserved.v1":      {"q.payment"},
		"stock.rejected.v1":      {"q.order"},
		"payment.completed.v1":   {"q.order", "q.notification"},
		"payment.failed.v1":      {"q.order"},
		"payment.refunded.v1":    {"q.notification"},
		"order.confirmed.v1":     {"q.inventory", "q.shipping", "q.notification"},
		"order.cancelled.v1":     {"q.inventory", "q.payment", "q.notification"},
		"shipment.dispatched.v1": {"q.order", "q.notification"},
		"shipment.failed.v1":     {"q.order"},
	}
}

type outboxRow struct {
	ID, Type, Key string
	Sent          *int64 `json:"sent_us"`
}

type inboxRow struct {
	Queue string
	Event string `json:"event_id"`
}

// settle waits until every event that was ever committed has been applied by every queue that takes its type, and
// every message that came of one has gone out.
func (s *shop) settle() {
	s.t.Helper()
	await.NoError(s.t, s.unsettled)
}

// unsettled says what still waits, or nil.
func (s *shop) unsettled() error {
	s.t.Helper()
	applied := map[inboxRow]bool{}
	for _, service := range []string{"order", "inventory", "payment", "shipping", "notification"} {
		for _, row := range rows[inboxRow](s, service, "inbox") {
			applied[row] = true
		}
	}
	count := 0
	for _, service := range []string{"user", "order", "inventory", "payment", "shipping"} {
		for _, e := range rows[outboxRow](s, service, "outbox") {
			count++
			if e.Sent == nil {
				return fmt.Errorf("%s %s of %s is still in the outbox", e.Type, e.ID, service)
			}
			for _, queue := range consumers()[e.Type] {
				if !applied[inboxRow{queue, e.ID}] {
					return fmt.Errorf("%s %s of %s has not been applied by %s", e.Type, e.ID, service, queue)
				}
			}
			if consumers()[e.Type] == nil {
				return fmt.Errorf("nobody is known to take %s", e.Type)
			}
		}
	}
	if count == 0 {
		return errors.New("there was no event at all")
	}
	return s.unsent()
}

// unsent says which message to a customer has not gone out, or nil.
func (s *shop) unsent() error {
	s.t.Helper()
	type message struct{ ID, Kind, State, Reason string }
	for _, m := range rows[message](s, "notification", "messages") {
		if m.State == "due" {
			return fmt.Errorf("message %s (%s) waits", m.ID, m.Kind)
		}
	}
	return nil
}
