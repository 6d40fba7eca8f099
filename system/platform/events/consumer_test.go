package events_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/problem"
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
	eventstest.WaitFor(t, 20*time.Second, func() error {
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
	eventstest.WaitFor(t, 20*time.Second, func() (err error) {
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

func TestEveryEventHasItsEffectOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(250)
		d.publish(t, batch...)
		d.open(t, nil)
		d.wantEffects(t, batch...)
		if !slices.Equal(d.calls, idsOf(batch)) {
			t.Error("the events were not applied in the order in which they were published")
		}
		if got := testutil.ToFloat64(d.tel.Counter(telemetry.EventsConsumed).WithLabelValues(payment, created, "applied")); got != 250 {
			t.Errorf("the metrics count %v applied events, want 250", got)
		}
	})
}

func idsOf(batch []events.Event) (ids []string) {
	for _, e := range batch {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestDuplicateIsAcknowledgedWithoutEffect(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(3)
		d.publish(t, batch...)
		deliverTwice(t, d.broker, batch[0])
		d.open(t, nil)
		d.wantEffects(t, batch...)
		eventstest.WaitFor(t, 5*time.Second, func() error {
			if got := testutil.ToFloat64(d.tel.Counter(telemetry.EventsConsumed).WithLabelValues(payment, created, "duplicate")); got != 1 {
				return fmt.Errorf("the metrics count %v duplicates, want 1", got)
			}
			return nil
		})
	})
}

// deliverTwice makes two of the queue's first event: it is buried and redriven twice over.
func deliverTwice(t *testing.T, b events.Broker, first events.Event) {
	t.Helper()
	s, err := b.Subscribe(t.Context(), events.Queue{Name: payment, Types: []string{created}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Fetch(t.Context(), 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d events and %v, want 1", len(got), err)
	}
	for range 2 {
		if err := got[0].DeadLetter(t.Context(), events.Failure{Reason: "for the test"}); err != nil {
			t.Fatal(err)
		}
		if err := b.Redrive(t.Context(), payment, first.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOutageSpendsNoAttemptAndProbesWithOneEvent(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(30)
		d.publish(t, batch...)
		const outages = 8 // more than an event has attempts
		n, after := 0, 0
		d.open(t, func(events.Event, int) error {
			if n < outages {
				n++
				if paused := testutil.ToFloat64(d.tel.Gauge(telemetry.BacklogPaused).WithLabelValues(payment)); paused != min(float64(n-1), 1) {
					t.Errorf("call %d: paused is %v", n, paused)
				}
				return fmt.Errorf("charge: %w", problem.New(problem.Unavailable, "breaker_open", "the processor is left alone"))
			}
			after++
			return nil
		})
		d.wantEffects(t, batch...)
		if got := count(t, d.db, `SELECT COUNT(*) FROM inbox_attempts`); got != 0 {
			t.Errorf("%d events spent an attempt on an outage", got)
		}
		if after != len(batch) {
			t.Errorf("after the outage the handler was called %d times for %d events", after, len(batch))
		}
		d.wantDead(t)
	})
}

func TestPoisonGoesToTheDeadLettersAndTheRestIsApplied(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(20)
		bad := map[string]bool{batch[0].ID: true, batch[7].ID: true, batch[8].ID: true, batch[19].ID: true}
		d.publish(t, batch...)
		d.open(t, func(e events.Event, _ int) error {
			if bad[e.ID] {
				return problem.New(problem.Conflict, "impossible", "this order cannot be")
			}
			return nil
		})
		dead := d.wantDead(t, batch[0], batch[7], batch[8], batch[19])
		d.wantEffects(t, slices.DeleteFunc(slices.Clone(batch), func(e events.Event) bool { return bad[e.ID] })...)
		for _, letter := range dead {
			if letter.Attempts != 5 || letter.Reason != "conflict/impossible: this order cannot be" || time.Since(letter.At) > time.Minute {
				t.Errorf("got dead letter %+v", letter)
			}
		}
		if got := testutil.ToFloat64(d.tel.Counter(telemetry.DeadLettered).WithLabelValues(payment, created)); got != 4 {
			t.Errorf("the metrics count %v dead letters, want 4", got)
		}
	})
}

func TestEventThatFailsForAWhileIsAppliedAndNotBuried(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(3)
		d.publish(t, batch...)
		d.open(t, func(e events.Event, call int) error {
			if e.ID == batch[1].ID && call <= 4 {
				return errors.New("not yet")
			}
			return nil
		})
		d.wantEffects(t, batch...)
		d.wantDead(t)
	})
}

func TestAttemptsAreKeptOverARestart(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(1)
		d.publish(t, batch...)
		failed := make(chan struct{}, 1)
		stop := d.open(t, func(_ events.Event, call int) error {
			if call == 3 {
				failed <- struct{}{}
			}
			return errors.New("bad")
		})
		<-failed
		stop()
		before := len(d.calls)
		d.open(t, func(events.Event, int) error { return errors.New("bad") })
		if dead := d.wantDead(t, batch...); dead[0].Attempts != 5 {
			t.Errorf("the event was given up after %d attempts", dead[0].Attempts)
		}
		if before < 3 || len(d.calls) != 5 {
			t.Errorf("the handler was called %d times, %d of them before the restart, want 5", len(d.calls), before)
		}
	})
}

func TestRefusedCommitIsBlamedOnTheEventThatCausedIt(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(16)
		d.publish(t, batch...)
		config := d.config()
		config.Handlers[created] = func(ctx context.Context, tx *store.Tx, e events.Event) error {
			if e.ID == batch[5].ID { // noticed only at the commit
				if _, err := tx.Exec(ctx, `INSERT INTO children (parent) VALUES ('nobody')`); err != nil {
					return err
				}
			}
			return d.handle(ctx, tx, e)
		}
		goRun(t, "consumer", events.NewConsumer(d.tel, d.db, d.broker, config).Run)
		d.wantDead(t, batch[5])
		d.wantEffects(t, slices.Concat(batch[:5], batch[6:])...)
	})
}

func TestHopelessEventIsADeadLetterAtOnce(t *testing.T) {
	t.Parallel()
	broker := eventstest.StartServer(t).Connect()
	d := newDesk(t, storetest.Open(t, storetest.SQLite(t), events.Migrations(), effects()), broker)
	config := d.config()
	config.Handlers[created] = events.On(func(ctx context.Context, tx *store.Tx, e events.Event, p *wrapperspb.StringValue) error {
		if p.GetValue() == "panic" {
			panic("the handler has a bug")
		}
		return d.handle(ctx, tx, e)
	})
	good, err := events.New(t.Context(), d.tel, created, "k", wrapperspb.String("fine"))
	if err != nil {
		t.Fatal(err)
	}
	panics, err := events.New(t.Context(), d.tel, created, "k", wrapperspb.String("panic"))
	if err != nil {
		t.Fatal(err)
	}
	malformed := eventstest.Event(created, "k", []byte{0xff})
	d.publish(t, malformed, good, panics)
	goRun(t, "consumer", events.NewConsumer(d.tel, d.db, broker, config).Run)
	for _, letter := range d.wantDead(t, malformed, panics) {
		if want := map[string]int{malformed.ID: 1, panics.ID: 5}[letter.ID]; letter.Attempts != want {
			t.Errorf("%s: given up after %d attempts, want %d: %s", letter.ID, letter.Attempts, want, letter.Reason)
		}
	}
	d.wantEffects(t, good)
}

func TestRedrivenEventIsAppliedOnceWhatFailedIsMended(t *testing.T) {
	t.Parallel()
	broker := eventstest.StartServer(t).Connect()
	d := newDesk(t, storetest.Open(t, storetest.SQLite(t), events.Migrations(), effects()), broker)
	batch := some(2)
	d.publish(t, batch...)
	mended := false
	d.open(t, func(e events.Event, call int) error {
		if e.ID == batch[0].ID && (!mended || call < 9) { // fails a few times more: its attempts begin anew
			return errors.New("bad")
		}
		return nil
	})
	d.wantDead(t, batch[0])
	d.mu.Lock()
	mended = true
	d.mu.Unlock()
	if n, err := events.Redrive(t.Context(), broker, payment); n != 1 || err != nil {
		t.Fatalf("redrive: got %d and %v", n, err)
	}
	d.wantEffects(t, batch...)
	d.wantDead(t)
}

func TestLostDatabasePausesTheConsumerAndLosesNothing(t *testing.T) {
	t.Parallel()
	db, link := linked(t)
	d := newDesk(t, db, eventstest.StartServer(t).Connect())
	d.open(t, nil)
	batch := some(40)
	link.refusing(func(string) bool { return true })
	d.publish(t, batch...)
	paused := d.tel.Gauge(telemetry.BacklogPaused).WithLabelValues(payment)
	age := d.tel.Gauge(telemetry.BacklogAge).WithLabelValues(payment)
	eventstest.WaitFor(t, 10*time.Second, func() error {
		if p, a := testutil.ToFloat64(paused), testutil.ToFloat64(age); p != 1 || a < 0.5 {
			return fmt.Errorf("paused %v, age %v", p, a)
		}
		return nil
	})
	link.refusing(nil)
	d.wantEffects(t, batch...)
	if got := count(t, db, `SELECT COUNT(*) FROM inbox_attempts`); got != 0 {
		t.Errorf("%d events spent an attempt on the database's outage", got)
	}
	eventstest.WaitFor(t, 10*time.Second, func() error {
		if p, a := testutil.ToFloat64(paused), testutil.ToFloat64(age); p != 0 || a != 0 {
			return fmt.Errorf("paused %v, age %v", p, a)
		}
		return nil
	})
}

func TestUnansweredCommitOfAConsumerHasItsEffectOnce(t *testing.T) {
	t.Parallel()
	db, link := linked(t)
	d := newDesk(t, db, eventstest.StartServer(t).Connect())
	lost := 0
	link.refusing(func(line string) bool {
		if line == "COMMITTED consume "+payment && lost < 3 {
			lost++
			return true
		}
		return false
	})
	batch := some(10)
	d.publish(t, batch...)
	d.open(t, nil)
	d.wantEffects(t, batch...)
	if len(d.calls) != len(batch) {
		t.Errorf("the handler was called %d times for %d events", len(d.calls), len(batch))
	}
	d.wantDead(t)
}

func TestLostBrokerPausesTheConsumer(t *testing.T) {
	t.Parallel()
	server := eventstest.StartServer(t)
	d := newDesk(t, storetest.Open(t, storetest.SQLite(t), events.Migrations(), effects()), server.Connect())
	d.open(t, nil)
	first := some(1)
	d.publish(t, first...)
	d.wantEffects(t, first...)
	server.Stop()
	paused := d.tel.Gauge(telemetry.BacklogPaused).WithLabelValues(payment)
	eventstest.WaitFor(t, 10*time.Second, func() error {
		if testutil.ToFloat64(paused) != 1 {
			return errors.New("not paused")
		}
		return nil
	})
	server.Start()
	second := some(5)
	eventstest.WaitFor(t, 10*time.Second, func() error { return d.broker.Publish(t.Context(), second) })
	d.wantEffects(t, append(second, first...)...)
}

func TestHandlerBelongsToTheRequestAndTheTraceOfItsEvent(t *testing.T) {
	t.Parallel()
	broker := eventstest.StartServer(t).Connect()
	d := newDesk(t, storetest.Open(t, storetest.SQLite(t), events.Migrations(), effects()), broker)
	type place struct{ correlation, trace string }
	got := make(chan place, 1)
	config := d.config()
	config.Handlers[created] = func(ctx context.Context, _ *store.Tx, _ events.Event) error {
		got <- place{telemetry.Correlation(ctx), trace.SpanContextFromContext(ctx).TraceID().String()}
		return nil
	}
	goRun(t, "consumer", events.NewConsumer(d.tel, d.db, broker, config).Run)
	d.publish(t, eventstest.Event(created, "7", []byte("x")))
	want := place{"request-7", "0af7651916cd43dd8448eb211c80319c"}
	if p := <-got; p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
}

func TestConsumerWithoutInboxGivesUpPoisonToo(t *testing.T) {
	t.Parallel()
	broker := eventstest.StartServer(t).Connect()
	d := newDesk(t, nil, broker)
	batch := some(3)
	seen := make(chan string, 100)
	config := d.config()
	config.Handlers[created] = func(_ context.Context, tx *store.Tx, e events.Event) error {
		if tx != nil {
			t.Error("got a transaction from nowhere")
		}
		if e.ID == batch[1].ID {
			return errors.New("bad")
		}
		seen <- e.ID
		return nil
	}
	d.publish(t, batch...)
	goRun(t, "consumer", events.NewConsumerWithoutInbox(d.tel, broker, config).Run)
	if dead := d.wantDead(t, batch[1]); dead[0].Attempts != 5 {
		t.Errorf("given up after %d attempts, want 5", dead[0].Attempts)
	}
	got := map[string]bool{}
	for len(got) < 2 {
		got[<-seen] = true
	}
}
