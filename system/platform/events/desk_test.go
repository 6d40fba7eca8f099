package events_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

const payment = "q.payment"

// desk is a consumer whose handler a test directs. Read calls only once the consumer is stopped or idle.
type desk struct {
	tel    *telemetry.Telemetry
	db     *store.DB
	broker events.Broker
	mu     sync.Mutex
	calls  []string // event ids in the order of the handler's calls
	say    func(e events.Event, call int) error
}

func newDesk(t *testing.T, db *store.DB, broker events.Broker) *desk {
	t.Helper()
	return &desk{tel: telemetry.Discard("payment"), db: db, broker: broker}
}

// open starts the consumer. say is asked for each call of the handler, with the number of calls for that event.
func (d *desk) open(t *testing.T, say func(e events.Event, call int) error) (stop func()) {
	t.Helper()
	d.say = say
	return goRun(t, "consumer", events.NewConsumer(d.tel, d.db, d.broker, d.config()).Run)
}

func (d *desk) config() events.ConsumerConfig {
	return events.ConsumerConfig{Queue: payment, RetryDelay: time.Millisecond, Handlers: map[string]events.Handler{created: d.handle}}
}

func (d *desk) handle(ctx context.Context, tx *store.Tx, e events.Event) error {
	d.mu.Lock()
	d.calls = append(d.calls, e.ID)
	call := d.called(e)
	d.mu.Unlock()
	if tx != nil {
		if _, err := tx.Exec(ctx, `INSERT INTO effects (event_id, key) VALUES ($1, $2)`, e.ID, e.Key); err != nil {
			return err
		}
	}
	if d.say == nil {
		return nil
	}
	return d.say(e, call)
}

// called counts the handler's calls for an event; d.mu is held.
func (d *desk) called(e events.Event) (n int) {
	for _, id := range d.calls {
		if id == e.ID {
			n++
		}
	}
	return n
}

// wantEffects waits until exactly these events have had their effect, and nothing is left at the broker.
func (d *desk) wantEffects(t *testing.T, want ...events.Event) {
	t.Helper()
	s, err := d.broker.Subscribe(t.Context(), events.Queue{Name: payment, Types: []string{created}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	eventstest.WaitFor(t, func() error {
		if got := count(t, d.db, `SELECT COUNT(*) FROM effects`); got != len(want) {
			return fmt.Errorf("%d effects, want %d", got, len(want))
		}
		if b, err := s.Backlog(t.Context()); err != nil || b.Waiting > 0 {
			return fmt.Errorf("%d events wait, %v", b.Waiting, err)
		}
		return nil
	})
	for _, e := range want {
		if count(t, d.db, `SELECT COUNT(*) FROM effects e JOIN inbox i ON i.event_id = e.event_id AND i.queue = $1 WHERE e.event_id = $2`, payment, e.ID) != 1 {
			t.Errorf("event %s has no effect and inbox row", e.ID)
		}
	}
}

func (d *desk) wantDead(t *testing.T, want ...events.Event) []events.DeadLetter {
	t.Helper()
	var dead []events.DeadLetter
	eventstest.WaitFor(t, func() (err error) {
		dead, err = events.ListDead(t.Context(), d.broker, payment)
		if err == nil && len(dead) != len(want) {
			err = fmt.Errorf("%d dead letters, want %d", len(dead), len(want))
		}
		return err
	})
	for _, e := range want {
		if !slices.ContainsFunc(dead, func(d events.DeadLetter) bool { return d.ID == e.ID }) {
			t.Errorf("event %s is not among the dead letters", e.ID)
		}
	}
	return dead
}

func (d *desk) publish(t *testing.T, batch ...events.Event) {
	t.Helper()
	if err := d.broker.Publish(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// each runs a test on a broker and on every kind of database.
func each(t *testing.T, run func(t *testing.T, d *desk)) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		run(t, newDesk(t, storetest.Open(t, url, events.Migrations(), effects()), eventstest.StartServer(t).Connect()))
	})
}
