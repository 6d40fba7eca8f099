package notification

import (
	"time"

	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
	"stormglass/system/platform/work"
)

// The companies that bring messages. Each has a worker of its own, so that the outage of one does not hold up the other.
const (
	mailboxCompany   = "mailbox"
	messengerCompany = "messenger"
)

// companyOf says who brings messages of a channel.
func companyOf(c Channel) string {
	if c == Email {
		return mailboxCompany
	}
	return messengerCompany
}

// worker works off the messages that one company brings.
type worker struct {
	*work.Worker[Message]
	name string
}

// workers makes the workers, and lets them be woken.
func (s *Service) workers(atOnce int) []worker {
	channels := map[string]string{mailboxCompany: `'email'`, messengerCompany: `'sms', 'push'`}
	var all []worker
	for company, list := range channels {
		name := "notification." + company
		w := work.New(s.tel, work.Config{Name: name, Concurrency: atOnce}, toDo(s.db, list).Source(s.deliver))
		all = append(all, worker{w, name})
	}
	s.wake = func() {
		for _, w := range all {
			w.Wake()
		}
	}
	return all
}

func newService(tel *telemetry.Telemetry, db *store.DB, texts letters, senders map[Channel]Sender, patience time.Duration) *Service {
	s := &Service{
		tel: tel, tracer: tel.Tracer("notification"), db: db, letters: texts, senders: senders, patience: patience,
		done: tel.Counter(telemetry.MessagesSent), wake: func() {}, now: time.Now,
	}
	for _, c := range Channels() {
		for _, state := range []State{Sent, Failed, Skipped} {
			s.done.WithLabelValues(string(c), string(state))
		}
	}
	return s
}
