package shop

import (
	"strings"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/system"
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
}

// receipt is a message as the mailbox or the messenger received it.
type receipt struct {
	to string
	at time.Time
}

// received gives, by message, what the mailbox and the messenger hold.
func received(f *evidence.Folder) (map[string][]receipt, error) {
	var mailbox struct {
		Messages []struct {
			ID string `json:"message_id"`
			To []string
			At time.Time `json:"received_at"`
		}
	}
	if err := f.Book("mailbox", &mailbox); err != nil {
		return nil, err
	}
	var messenger struct {
		Messages []struct {
			ID, To string
			At     time.Time `json:"received_at"`
		}
	}
	if err := f.Book("messenger", &messenger); err != nil {
		return nil, err
	}
	all := map[string][]receipt{}
	for _, m := range mailbox.Messages {
		event, _, _ := strings.Cut(m.ID, "@")
		id := event + "." + byEmail
		all[id] = append(all[id], receipt{strings.Join(m.To, ", "), m.At})
	}
	for _, m := range messenger.Messages {
		all[m.ID] = append(all[m.ID], receipt{m.To, m.At})
	}
	return all, nil
}

// toldOnce is I9. SMTP knows no keys, so an e-mail may come twice when its sender died, or lost the line, before it knew
// that the first had arrived: only there, and only where a fault made it so.
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
	var t tally
	kept, due, again := by(rows, func(m messageRow) string { return m.ID }), map[string]bool{}, 0
	for _, e := range p.outbox {
		for _, channel := range tells()[e.Type] {
			id := e.ID + "." + channel
			due[id] = true
			message, copies := kept[id], got[id]
			switch {
			case message.State == "skipped" && channel == bySMS: // no phone number
				t.also(len(copies) == 0, "%s of %s was sent to %s, who has no number", id, e.Type, who(copies))
			case len(copies) == 2 && channel == byEmail && excused(f, copies[1].at):
				again++
				t.compared++
			default:
				t.expect(message.State == "sent" && len(copies) == 1, "%s of %s is %q, and arrived %d times", id, e.Type, message.State, len(copies))
			}
			t.also(channel != byPush || len(copies) == 0 || copies[0].to == message.User, "%s of %s went to %s, and is for %s", id, e.Type, who(copies), message.User)
		}
	}
	for id, copies := range inOrder(got) {
		t.also(due[id], "%s came to %s, and no event told of it", id, who(copies))
	}
	return t.result("%d messages about %d events, %d of them twice and excused", t.compared, len(p.outbox), again), nil
}

func who(copies []receipt) string {
	if len(copies) == 0 {
		return "nobody"
	}
	return copies[0].to
}

// crashWindow is how long after a fault's end an e-mail may come a second time: the lease of a message that a dead
// sender held, and the way back.
const crashWindow = 60 * time.Second

// excused says whether a fault on the way to the mailbox was there when an e-mail came a second time, or shortly before.
func excused(f *evidence.Folder, at time.Time) bool {
	for _, d := range f.Doses {
		if d.Hit && between(d, at) && onTheWayOut(d.Target) {
			return true
		}
	}
	return false
}

func between(d fault.Dose, at time.Time) bool {
	return !at.Before(d.Start) && !at.After(d.End.Add(crashWindow))
}

// onTheWayOut says whether a fault hit the sender of e-mails, the mailbox, or a line that the sender needs.
func onTheWayOut(target string) bool {
	if client, _, err := system.SplitLink(target); err == nil {
		return system.InstanceOf(client, "notification") || client == "notification"
	}
	for _, process := range []string{"notification", "mailbox"} {
		if system.InstanceOf(target, process) {
			return true
		}
	}
	return false
}
