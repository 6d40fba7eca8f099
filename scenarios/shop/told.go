package shop

import (
	"fmt"
	"strings"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

// The channels by which customers are told.
const (
	byEmail = "email"
	bySMS   = "sms"
	byPush  = "push"
)

// tells lists the events that a customer is told of, and by which channels.
func tells() map[string][]string {
	return map[string][]string{
		"user.registered.v1":     {byEmail},
		"order.confirmed.v1":     {byEmail, byPush},
		"payment.completed.v1":   {byEmail},
		"shipment.dispatched.v1": {byEmail, bySMS},
		"order.cancelled.v1":     {byEmail},
		"payment.refunded.v1":    {byEmail},
	}
}

// messageRow is a message as the notification service keeps it: its id is the event's and the channel.
type messageRow struct {
	ID      string
	User    string `json:"user_id"`
	Channel string
	State   string
	// Unanswered is how many attempts at it may have brought it without an answer; nil where nobody counted.
	Unanswered *int64
}

// receipt is a message as the mailbox or the messenger received it.
type receipt struct{ to string }

// received gives, by message, what the mailbox and the messenger hold.
func received(f *evidence.Folder) (map[string][]receipt, error) {
	var mailbox struct {
		Messages []struct {
			ID string `json:"message_id"`
			To []string
		}
	}
	if err := f.Book("mailbox", &mailbox); err != nil {
		return nil, err
	}
	var messenger struct {
		Messages []struct {
			ID, To string
		}
	}
	if err := f.Book("messenger", &messenger); err != nil {
		return nil, err
	}
	all := map[string][]receipt{}
	for _, m := range mailbox.Messages {
		event, _, _ := strings.Cut(m.ID, "@")
		id := event + "." + byEmail
		all[id] = append(all[id], receipt{strings.Join(m.To, ", ")})
	}
	for _, m := range messenger.Messages {
		all[m.ID] = append(all[m.ID], receipt{m.To})
	}
	return all, nil
}

// toldOnce is I9. SMTP knows no keys, so an e-mail may have arrived by each attempt whose answer was lost. The notification
// service counts those attempts of each message, a sender that died in one included; every other attempt brings it once or
// never. The messenger knows messages by their ids.
func toldOnce(f *evidence.Folder) (verdict.Result, error) {
	p, err := postOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	rows, err := table[messageRow](f, "notification", "messages")
	if err != nil {
		return verdict.Result{}, err
	}
	got, err := received(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var n notices
	kept, due := by(rows, func(m messageRow) string { return m.ID }), map[string]bool{}
	for _, e := range p.outbox {
		for _, channel := range tells()[e.Type] {
			id := e.ID + "." + channel
			due[id] = true
			if err := n.compare(e.Type, channel, kept[id], id, got[id]); err != nil {
				return verdict.Result{}, err
			}
		}
	}
	for id, copies := range inOrder(got) {
		n.also(due[id], "%s came to %s, and no event told of it", id, who(copies))
	}
	return n.result("%d messages about %d events; %d attempts at e-mails were not answered, and brought %d more copies of %d of them",
		n.compared, len(p.outbox), n.unanswered, n.again, n.repeated), nil
}

// notices counts what customers were notified of.
type notices struct {
	tally
	unanswered int64 // attempts at e-mails
	again      int   // further copies, as many as such attempts allow
	repeated   int   // e-mails of which there are such copies
}

// compare holds one message against what arrived of it.
func (n *notices) compare(event, channel string, message messageRow, id string, copies []receipt) error {
	if message.State == "skipped" && channel == bySMS { // no phone number
		n.also(len(copies) == 0, "%s of %s was sent to %s, who has no number", id, event, who(copies))
		return nil
	}
	most := int64(1)
	if channel == byEmail {
		lost, err := message.lost(len(copies))
		if err != nil {
			return err
		}
		most, n.unanswered = most+lost, n.unanswered+lost
	}
	again := len(copies) - 1
	if n.expect(message.State == "sent" && again >= 0 && int64(len(copies)) <= most,
		"%s of %s is %q, and arrived %d times, %d at most", id, event, message.State, len(copies), most) && again > 0 {
		n.again, n.repeated = n.again+again, n.repeated+1
	}
	n.also(channel != byPush || len(copies) == 0 || copies[0].to == message.User, "%s of %s went to %s, and is for %s", id, event, who(copies), message.User)
	return nil
}

// lost is how many attempts at the message were not answered. An audit of a version that did not count them says nothing of
// a message that arrived more than once.
func (m messageRow) lost(copies int) (int64, error) {
	switch {
	case m.Unanswered != nil:
		return *m.Unanswered, nil
	case copies > 1:
		return 0, fmt.Errorf("compare message %s, which arrived %d times: the audit of notification does not count unanswered attempts", m.ID, copies)
	}
	return 0, nil
}

func who(copies []receipt) string {
	if len(copies) == 0 {
		return "nobody"
	}
	return copies[0].to
}
