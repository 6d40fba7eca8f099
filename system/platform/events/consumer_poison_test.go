package events_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

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

// Attempts are counted in the database. An event whose id no database takes cannot have its attempts counted, and would
// come again for ever with everything behind it waiting.
func TestEventWhoseAttemptsCannotBeCountedDoesNotHoldUpTheQueue(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		batch := some(3)
		batch[1].ID = "no text\xff"
		d.publish(t, batch...)
		d.open(t, nil)
		d.wantEffects(t, batch[0], batch[2])
		if dead := d.wantDead(t, batch[1]); dead[0].Attempts != 0 {
			t.Errorf("got dead letter %+v", dead[0])
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
