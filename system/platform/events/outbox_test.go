package events_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

const created = "order.created.v1"

// add commits events in one transaction.
func add(t *testing.T, db *store.DB, o *events.Outbox, batch ...events.Event) error {
	t.Helper()
	return db.InTx(t.Context(), "place", func(ctx context.Context, tx *store.Tx) error { return o.Add(ctx, tx, batch...) })
}

// some gives n events.
func some(n int) []events.Event {
	all := make([]events.Event, n)
	for i := range all {
		all[i] = eventstest.Event(created, fmt.Sprintf("order-%d", i), []byte("payload"))
	}
	return all
}

// count is what a query counts.
func count(t *testing.T, db *store.DB, query string, args ...any) (n int) {
	t.Helper()
	err := db.Read(t.Context(), "count", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// published waits until the broker has these events, in a queue of our own, and gives how many came in all.
func published(t *testing.T, b events.Broker, want ...events.Event) {
	t.Helper()
	s, err := b.Subscribe(t.Context(), events.Queue{Name: "q.watch", Types: []string{created}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	got := map[string]int{}
	eventstest.WaitFor(t, func() error {
		batch, err := s.Fetch(t.Context(), 100)
		for _, d := range batch {
			got[d.Event().ID]++
			if err := d.Ack(); err != nil {
				return err
			}
		}
		for _, e := range want {
			if got[e.ID] == 0 {
				return fmt.Errorf("%d of %d events are published: %v", len(got), len(want), err)
			}
		}
		return nil
	})
	for id, n := range got {
		if n > 1 {
			t.Errorf("event %s was published %d times", id, n)
		}
	}
}

func marked(t *testing.T, db *store.DB, want int) {
	t.Helper()
	eventstest.WaitFor(t, func() error {
		if got := count(t, db, `SELECT COUNT(*) FROM outbox WHERE sent_us > 0`); got != want {
			return fmt.Errorf("%d events are marked as sent, want %d", got, want)
		}
		return nil
	})
}

func TestCommittedEventIsSentAndMarked(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		db, broker := storetest.Open(t, url, events.Migrations()), eventstest.StartServer(t).Connect()
		o := events.NewOutbox(telemetry.Discard("order"), db, broker, "order")
		goRun(t, "relay", o.Run)
		batch := some(3)
		batch[1].Data = nil // a message with no field set
		if err := add(t, db, o, batch...); err != nil {
			t.Fatal(err)
		}
		published(t, broker, batch...)
		marked(t, db, 3)
	})
}

// Each event that is sent must not put off the marking of those before it: under steady traffic nothing would ever be
// marked, and a crash would send all of it again.
func TestSentEventsAreMarkedWhileMoreAreComing(t *testing.T) {
	t.Parallel()
	db, broker := storetest.Open(t, storetest.SQLite(t), events.Migrations()), eventstest.StartServer(t).Connect()
	o := events.NewOutbox(telemetry.Discard("order"), db, broker, "order")
	goRun(t, "relay", o.Run)
	steady := time.NewTicker(5 * time.Millisecond)
	defer steady.Stop()
	added := 0
	for end := time.Now().Add(600 * time.Millisecond); time.Now().Before(end); <-steady.C {
		if err := add(t, db, o, some(1)...); err != nil {
			t.Fatal(err)
		}
		added++
	}
	if got := count(t, db, `SELECT COUNT(*) FROM outbox WHERE sent_us > 0`); got < added/2 {
		t.Errorf("%d of %d events are marked as sent, want most of them", got, added)
	}
}

func TestRolledBackTransactionSendsNothing(t *testing.T) {
	t.Parallel()
	db, broker := storetest.Open(t, storetest.SQLite(t), events.Migrations()), eventstest.StartServer(t).Connect()
	o := events.NewOutbox(telemetry.Discard("order"), db, broker, "order")
	goRun(t, "relay", o.Run)
	changed := errors.New("changed my mind")
	err := db.InTx(t.Context(), "place", func(ctx context.Context, tx *store.Tx) error {
		if err := o.Add(ctx, tx, some(1)...); err != nil {
			return err
		}
		return changed
	})
	if !errors.Is(err, changed) {
		t.Fatalf("got %v, want %v", err, changed)
	}
	after := some(1)
	if err := add(t, db, o, after...); err != nil {
		t.Fatal(err)
	}
	published(t, broker, after...)
	if got := count(t, db, `SELECT COUNT(*) FROM outbox`); got != 1 {
		t.Errorf("the outbox has %d rows, want only the committed one", got)
	}
}

func TestEventsFromBeforeTheStartAreSent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		db, broker := storetest.Open(t, url, events.Migrations()), eventstest.StartServer(t).Connect()
		o := events.NewOutbox(telemetry.Discard("order"), db, broker, "order")
		batch := some(1203) // more than two claims
		if err := add(t, db, o, batch...); err != nil {
			t.Fatal(err)
		}
		again := events.NewOutbox(telemetry.Discard("order"), db, broker, "order") // the next process of the instance
		goRun(t, "relay", again.Run)
		published(t, broker, batch...)
		marked(t, db, len(batch))
	})
}

func TestOtherInstanceSendsOnlyOnceTheLeaseHasRunOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		db, broker := storetest.Open(t, url, events.Migrations()), eventstest.StartServer(t).Connect()
		dead := events.NewOutbox(telemetry.Discard("order"), db, broker, "order")
		batch := some(2)
		if err := add(t, db, dead, batch...); err != nil {
			t.Fatal(err)
		}
		expire(t, db, batch[0].ID)
		tel := telemetry.Discard("order")
		tel.Instance = "order-2"
		goRun(t, "relay", events.NewOutbox(tel, db, broker, "order").Run)
		published(t, broker, batch[0])
		marked(t, db, 1)
		expire(t, db, batch[1].ID) // while the relay idles: it must look by itself
		published(t, broker, batch[1])
		marked(t, db, 2)
	})
}

func expire(t *testing.T, db *store.DB, id string) {
	t.Helper()
	err := db.InTx(t.Context(), "expire", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE outbox SET lease_us = 1 WHERE id = $1`, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEventWhoseCommitWasNotAnsweredIsSent(t *testing.T) {
	t.Parallel()
	db, link := linked(t)
	broker := eventstest.StartServer(t).Connect()
	o := events.NewOutbox(telemetry.Discard("order"), db, broker, "order")
	goRun(t, "relay", o.Run)
	link.refusing(func(line string) bool { return line == "COMMITTED place" })
	batch := some(1)
	if err := add(t, db, o, batch...); problem.CodeOf(err) != problem.Unknown {
		t.Fatalf("got %v, want an unknown outcome", err)
	}
	published(t, broker, batch...)
}

func TestBrokerOutageDelaysEventsAndLosesNone(t *testing.T) {
	t.Parallel()
	server := eventstest.StartServer(t)
	db, broker := storetest.Open(t, storetest.SQLite(t), events.Migrations()), server.Connect()
	tel := telemetry.Discard("order")
	o := events.NewOutbox(tel, db, broker, "order")
	goRun(t, "relay", o.Run)
	first := some(1)
	if err := add(t, db, o, first...); err != nil {
		t.Fatal(err)
	}
	marked(t, db, 1)
	server.Stop()
	batch := some(50)
	for i := range batch { // each its own transaction, so that the relay meets the outage in the middle of them
		if err := add(t, db, o, batch[i]); err != nil {
			t.Fatalf("the outage of the broker reached the producer: %v", err)
		}
	}
	gauge := func(m telemetry.Metric) float64 {
		return testutil.ToFloat64(tel.Gauge(m).WithLabelValues("order.outbox"))
	}
	eventstest.WaitFor(t, func() error {
		if depth, age, paused := gauge(telemetry.BacklogDepth), gauge(telemetry.BacklogAge), gauge(telemetry.BacklogPaused); depth != 50 || age < 1 || paused != 1 {
			return fmt.Errorf("depth %v, age %v, paused %v", depth, age, paused)
		}
		return nil
	})
	server.Start()
	published(t, broker, append(batch, first...)...)
	marked(t, db, 51)
	eventstest.WaitFor(t, func() error {
		if depth, age, paused := gauge(telemetry.BacklogDepth), gauge(telemetry.BacklogAge), gauge(telemetry.BacklogPaused); depth != 0 || age != 0 || paused != 0 {
			return fmt.Errorf("depth %v, age %v, paused %v", depth, age, paused)
		}
		return nil
	})
}

// picky is a broker that refuses one event for its own sake.
type picky struct {
	events.Broker
	refuse atomic.Value // the id
}

func (p *picky) Publish(ctx context.Context, batch []events.Event) error {
	for _, e := range batch {
		if e.ID == p.refuse.Load() {
			return problem.New(problem.Invalid, "broker_refused", "too strange")
		}
	}
	return p.Broker.Publish(ctx, batch)
}

func TestRefusedEventDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	db, broker := storetest.Open(t, storetest.SQLite(t), events.Migrations()), &picky{Broker: eventstest.StartServer(t).Connect()}
	tel := telemetry.Discard("order")
	var log strings.Builder
	tel.Log = tel.Log.Output(&log).Level(0)
	o := events.NewOutbox(tel, db, broker, "order")
	batch := some(5)
	broker.refuse.Store(batch[2].ID)
	stop := goRun(t, "relay", o.Run)
	if err := add(t, db, o, batch...); err != nil {
		t.Fatal(err)
	}
	published(t, broker, batch[0], batch[1], batch[3], batch[4])
	marked(t, db, 4)
	stop()
	if !strings.Contains(log.String(), batch[2].ID) {
		t.Errorf("the log does not name the refused event: %s", log.String())
	}
	broker.refuse.Store("")
	expire(t, db, batch[2].ID)
	goRun(t, "relay", events.NewOutbox(telemetry.Discard("order"), db, broker, "order").Run)
	published(t, broker, batch[2])
}

func TestStoppedRelaySendsWhatWasJustCommitted(t *testing.T) {
	t.Parallel()
	db, broker := storetest.Open(t, storetest.SQLite(t), events.Migrations()), eventstest.StartServer(t).Connect()
	o := events.NewOutbox(telemetry.Discard("order"), db, broker, "order")
	stop := goRun(t, "relay", o.Run)
	batch := some(20)
	for i := range batch {
		if err := add(t, db, o, batch[i]); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if got := count(t, db, `SELECT COUNT(*) FROM outbox WHERE sent_us = 0`); got != 0 {
		t.Errorf("the relay left %d events behind", got)
	}
}

func TestEventThatCannotTravelFailsTheTransaction(t *testing.T) {
	t.Parallel()
	db, broker := storetest.Open(t, storetest.SQLite(t), events.Migrations()), eventstest.StartServer(t).Connect()
	o := events.NewOutbox(telemetry.Discard("order"), db, broker, "order")
	large := some(1)[0]
	large.Data = make([]byte, events.MaxData+1)
	if err := add(t, db, o, large); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("got %v, want an invalid event", err)
	}
}
