package cardprocessor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"stormglass/system/standins/journal"
)

// settleEvery is how often the ledger looks for refunds whose later status is due.
const settleEvery = 50 * time.Millisecond

// Options are how a ledger behaves.
type Options struct {
	// Slow is how long a confirmation with the slow test card takes.
	Slow time.Duration
	// Refunds is how long a refund takes that does not have its final status at once.
	Refunds time.Duration
	// Notify says that there is somebody to send events to.
	Notify bool
}

// line is one change. It is written as one line of the journal, so that it happens whole or not at all.
type line struct {
	Intent *Intent `json:"intent,omitempty"`
	Refund *Refund `json:"refund,omitempty"`
	Event  *Event  `json:"event,omitempty"`
	Use    *use    `json:"use,omitempty"`
	// Delivered is the id of an event that was taken.
	Delivered string `json:"delivered,omitempty"`
}

// Ledger is every payment there ever was. It is safe for concurrent use, and all that it answers is on disk.
type Ledger struct {
	options Options
	journal *journal.Journal[line]
	events  *queue

	mu sync.Mutex
	// intents and refunds stand in the order of their creation; byID gives their index.
	intents []Intent
	refunds []Refund
	byID    map[string]int
	keys    map[hash]saved
	busy    map[hash]bool
	// refundsOf lists the places of an intent's refunds; later holds the ids of those whose status is still to change.
	refundsOf map[string][]int
	later     map[string]bool
}

// OpenLedger reads what an earlier process wrote, or begins a new ledger. It finishes what was being processed.
func OpenLedger(path string, o Options) (*Ledger, error) {
	l := &Ledger{
		options: o, events: newQueue(), byID: map[string]int{}, keys: map[hash]saved{}, busy: map[hash]bool{},
		refundsOf: map[string][]int{}, later: map[string]bool{},
	}
	j, err := journal.Open(path, func(e line, at journal.Place) error {
		l.apply(e, at)
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.journal = j
	for _, i := range l.intents {
		if _, err := l.settle(i.ID); err != nil {
			return nil, fmt.Errorf("finish %s: %w", i.ID, err)
		}
	}
	return l, j.Sync()
}

// SettleRefunds gives refunds their later status when it is due, until ctx ends. The next process goes on with what is left.
func (l *Ledger) SettleRefunds(ctx context.Context) error {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := l.settleRefunds(time.Now().UTC()); err != nil {
			return fmt.Errorf("settle refunds: %w", err)
		}
	}
}

func (l *Ledger) settleRefunds(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.later) == 0 {
		return nil
	}
	for id := range maps.Clone(l.later) {
		r, _ := l.refund(id)
		if r.DueAt.After(now) {
			continue
		}
		i, _ := l.intent(r.Intent) // no refund is written without its intent
		if err := l.write(request{trace: r.Trace}, r.settled(i, now), now); err != nil {
			return err
		}
	}
	return l.journal.Sync()
}

// perform answers a request: as it was answered before under its key, or by a rule that decides, once.
func (l *Ledger) perform(r request, rule func(now time.Time) outcome) (answer, error) {
	earlier, refused := l.reserve(r)
	switch {
	case refused != nil:
		return refused.answer(), nil
	case earlier != nil:
		return l.replay(earlier)
	}
	defer l.release(r)
	o, err := l.decide(r, rule)
	if err == nil && o.slow {
		<-time.After(l.options.Slow) // even when the client leaves: a bank that has begun does not stop
		o.answer, err = l.settle(o.intent.ID)
	}
	if err == nil {
		err = l.journal.Sync()
	}
	return o.answer, err
}

func (l *Ledger) decide(r request, rule func(now time.Time) outcome) (outcome, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now().UTC()
	o := rule(now)
	if o.slow {
		o.intent.Waiting = r.waiting()
	}
	if o.refund != nil {
		o.refund.Trace = r.trace
	}
	return o, l.write(r, o, now)
}

// settle ends the processing of an intent and gives the answer to the request that began it. The caller syncs.
func (l *Ledger) settle(id string) (answer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, found := l.intent(id)
	if !found || i.State != Processing {
		return answer{}, nil
	}
	r := i.Waiting.request()
	o := capture(i, r.expand)
	return o.answer, l.write(r, o, time.Now().UTC())
}

// write makes an outcome part of the ledger. The caller holds the lock.
func (l *Ledger) write(r request, o outcome, now time.Time) error {
	e := line{Intent: o.intent, Refund: o.refund}
	if o.event != "" && l.options.Notify {
		e.Event = newEvent(o.event, o, r.trace, now)
	}
	if !o.unsaved && !o.slow {
		e.Use = r.saves(o.answer)
	}
	if e == (line{}) {
		return nil
	}
	return l.append(e)
}

func (l *Ledger) append(e line) error {
	at, err := l.journal.Append(e)
	if err == nil {
		l.apply(e, at)
	}
	return err
}

func (l *Ledger) apply(e line, at journal.Place) {
	if i := e.Intent; i != nil {
		if n, known := l.byID[i.ID]; known {
			l.intents[n] = *i
		} else {
			l.byID[i.ID] = len(l.intents)
			l.intents = append(l.intents, *i)
		}
	}
	if r := e.Refund; r != nil {
		if r.Status == "" { // a ledger of a time when every refund succeeded
			r.Status, r.SucceededAt = RefundSucceeded, r.CreatedAt
		}
		if n, known := l.byID[r.ID]; known {
			l.refunds[n] = *r
		} else {
			l.byID[r.ID] = len(l.refunds)
			l.refundsOf[r.Intent] = append(l.refundsOf[r.Intent], len(l.refunds))
			l.refunds = append(l.refunds, *r)
		}
		if delete(l.later, r.ID); r.Later != "" {
			l.later[r.ID] = true
		}
	}
	if e.Use != nil {
		l.keys[e.Use.Key] = saved{e.Use.Content, at}
	}
	if e.Event != nil {
		l.events.add(*e.Event)
	}
	if e.Delivered != "" {
		l.events.remove(e.Delivered)
	}
}

// intent finds an intent. The caller holds the lock.
func (l *Ledger) intent(id string) (Intent, bool) {
	n, found := l.byID[id]
	if !found || n >= len(l.intents) || l.intents[n].ID != id {
		return Intent{}, false
	}
	return l.intents[n], true
}

// refund finds a refund. The caller holds the lock.
func (l *Ledger) refund(id string) (Refund, bool) {
	n, found := l.byID[id]
	if !found || n >= len(l.refunds) || l.refunds[n].ID != id {
		return Refund{}, false
	}
	return l.refunds[n], true
}

// read answers from what is on disk: a change that a reader has seen is never lost.
func (l *Ledger) read(look func() answer) (answer, error) {
	l.mu.Lock()
	a := look()
	l.mu.Unlock()
	return a, l.journal.Sync()
}

// delivered writes down that an event was taken.
func (l *Ledger) delivered(id string) error {
	l.mu.Lock()
	err := l.append(line{Delivered: id})
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return l.journal.Sync()
}

// refundsIn lists an intent's refunds, the newest first. The caller holds the lock.
func (l *Ledger) refundsIn(intent string) []Refund {
	var all []Refund
	for _, n := range slices.Backward(l.refundsOf[intent]) {
		all = append(all, l.refunds[n])
	}
	return all
}

// Close closes the ledger's file.
func (l *Ledger) Close() error { return l.journal.Close() }
