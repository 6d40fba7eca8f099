package events_test

import (
	"context"
	"errors"
	"fmt"
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
	eventstest.WaitFor(t, func() error {
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
	eventstest.WaitFor(t, func() error {
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
	eventstest.WaitFor(t, func() error {
		if testutil.ToFloat64(paused) != 1 {
			return errors.New("not paused")
		}
		return nil
	})
	server.Start()
	second := some(5)
	eventstest.WaitFor(t, func() error { return d.broker.Publish(t.Context(), second) })
	d.wantEffects(t, append(second, first...)...)
}

func TestAConsumerGetsAheadThoughItsDatabaseIsTooSlowForWholeBatches(t *testing.T) {
	t.Parallel()
	d := newDesk(t, storetest.Open(t, storetest.SQLite(t), events.Migrations(), effects()), eventstest.StartServer(t).Connect())
	batch := some(100)
	d.publish(t, batch...)
	const inTime = 20 // so many events fit into one transaction before its time is over
	var under *store.Tx
	var together, late int
	config := d.config()
	config.Handlers[created] = func(ctx context.Context, tx *store.Tx, e events.Event) error {
		if under != tx {
			under, together = tx, 0
		}
		if together++; together > inTime {
			late++
			return problem.New(problem.Timeout, "", "the database did not answer in time")
		}
		return d.handle(ctx, tx, e)
	}
	stop := goRun(t, "consumer", events.NewConsumer(d.tel, d.db, d.broker, config).Run)
	d.wantEffects(t, batch...)
	stop()
	if late > 15 {
		t.Errorf("%d batches were too large: after one, the next should have been smaller", late)
	}
}

func TestAConsumerTakesNoMoreThanASlowDatabaseDoesInTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t, storetest.Open(t, storetest.SQLite(t), events.Migrations(), effects()), eventstest.StartServer(t).Connect())
	config := d.config()
	var under *store.Tx
	var together, most int
	config.Handlers[created] = func(ctx context.Context, tx *store.Tx, e events.Event) error {
		if under != tx {
			under, together = tx, 0
		}
		together++
		most = max(most, together)
		time.Sleep(20 * time.Millisecond)
		return d.handle(ctx, tx, e)
	}
	stop := goRun(t, "consumer", events.NewConsumer(d.tel, d.db, d.broker, config).Run)
	first := some(1)
	d.publish(t, first...)
	d.wantEffects(t, first...) // now it knows how slow the database is
	rest := some(60)
	d.publish(t, rest...)
	d.wantEffects(t, append(first, rest...)...)
	stop()
	if most > 25 || most == 1 {
		t.Errorf("one transaction took %d events of 20 ms each, want several and no more than half a second's", most)
	}
}
