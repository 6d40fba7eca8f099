package eventstest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"stormglass/internal/await"
	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
)

// unexpected is an error that shows both sides.
type unexpected struct{ got, want any }

func (u *unexpected) Error() string { return fmt.Sprintf("got %+v, want %+v", u.got, u.want) }

// deadLetters are about what a queue gives up.
func deadLetters() []trial {
	return []trial{
		{"a dead letter keeps the event and says why", deadLetter},
		{"a dead letter that is buried twice is one", buriedTwice},
		{"a redriven event reaches only the queue that failed", redriven},
		{"all dead letters of a queue are redriven at once", redrivenAll},
		{"a redriven event that fails again at once is a dead letter again", redrivenInVain},
		{"the redrive of what is not there is not found", redriveMissing},
	}
}

func bury(t *testing.T, d events.Delivery, reason string) events.Failure {
	t.Helper()
	why := events.Failure{Reason: reason, Attempts: 5, At: time.Now().UTC().Truncate(time.Microsecond)}
	if err := d.DeadLetter(t.Context(), why); err != nil {
		t.Fatalf("dead-letter: %v", err)
	}
	return why
}

func listDead(t *testing.T, b events.Broker, queue string, want int) []events.DeadLetter {
	t.Helper()
	dead, err := events.ListDead(t.Context(), b, queue)
	if err != nil {
		t.Fatal(err)
	}
	if len(dead) != want {
		t.Fatalf("got %d dead letters, want %d", len(dead), want)
	}
	return dead
}

func deadLetter(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	listDead(t, broker, "q.payment", 0)
	sent := made(2)
	publish(t, broker, sent...)
	batch := fetch(t, s, 2)
	why := bury(t, batch[0], "the amount is negative\nand so is its tax")
	ack(t, batch[1])
	got := listDead(t, broker, "q.payment", 1)[0]
	why.Reason = "the amount is negative and so is its tax" // one line
	want := events.DeadLetter{Event: sent[0], Queue: "q.payment", Failure: why}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	listDead(t, broker, "q.shipping", 0)
	nothing(t, s)
}

// buriedTwice is a crash between the burial and the acknowledgement.
func buriedTwice(t *testing.T, b *Backend) {
	broker := b.Connect()
	publish(t, broker, made(1)...)
	d := fetch(t, subscribe(t, broker, queue("q.payment")), 1)[0]
	bury(t, d, "bad")
	bury(t, d, "bad")
	listDead(t, broker, "q.payment", 1)
}

func redriven(t *testing.T, b *Backend) {
	broker := b.Connect()
	payment, shipping := subscribe(t, broker, queue("q.payment")), subscribe(t, broker, queue("q.shipping"))
	sent := made(1)
	publish(t, broker, sent...)
	ack(t, fetch(t, shipping, 1)...)
	bury(t, fetch(t, payment, 1)[0], "a bug that is fixed now")
	n, err := events.Redrive(t.Context(), broker, "q.payment")
	if err != nil || n != 1 {
		t.Fatalf("redrive: got %d and %v, want 1", n, err)
	}
	again := fetch(t, payment, 1)
	if got := again[0].Event(); !reflect.DeepEqual(got, sent[0]) {
		t.Errorf("got  %+v\nwant %+v", got, sent[0])
	}
	listDead(t, broker, "q.payment", 0)
	nothing(t, shipping)
	bury(t, again[0], "it was not fixed") // and it can be buried and redriven once more
	listDead(t, broker, "q.payment", 1)
	// What a listing has looked at goes back to RabbitMQ's queue a moment after the listing has ended.
	await.NoError(t, func() error {
		_, err := events.Redrive(t.Context(), broker, "q.payment", sent[0].ID)
		return err
	})
	ack(t, fetch(t, payment, 1)...)
}

func redrivenAll(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	sent := made(30)
	publish(t, broker, sent...)
	for _, d := range fetch(t, s, 30) {
		bury(t, d, "a bug that is fixed now")
	}
	listed := listDead(t, broker, "q.payment", 30)
	for i, d := range listed[1:] {
		if d.At.Before(listed[i].At) {
			t.Fatalf("dead letter %d is older than the one before it", i+1)
		}
	}
	if n, err := events.Redrive(t.Context(), broker, "q.payment", sent[3].ID, sent[7].ID); n != 2 || err != nil {
		t.Fatalf("redrive two: got %d and %v", n, err)
	}
	arrive(t, s, []events.Event{sent[3], sent[7]})
	if n, err := events.Redrive(t.Context(), broker, "q.payment"); n != 28 || err != nil {
		t.Fatalf("redrive the rest: got %d and %v, want 28", n, err)
	}
	arrive(t, s, append(slices.Clone(sent[:3]), sent[8:]...))
	listDead(t, broker, "q.payment", 0)
}

// redrivenInVain redrives while a subscriber gives each event up again as soon as it comes: a redriver must never take the
// new dead letter for the old one, nor stumble over that the old one is gone.
func redrivenInVain(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	sent := made(40)
	publish(t, broker, sent...)
	for _, d := range fetch(t, s, len(sent)) {
		bury(t, d, "a bug")
	}
	again := make(chan error, 1)
	go func() {
		for left := len(sent); left > 0; {
			batch, err := s.Fetch(t.Context(), left)
			if err != nil {
				again <- err
				return
			}
			for _, d := range batch {
				if err := d.DeadLetter(t.Context(), events.Failure{Reason: "the same bug", Attempts: 1, At: time.Now().UTC()}); err != nil {
					again <- err
					return
				}
			}
			left -= len(batch)
		}
		again <- nil
	}()
	if n, err := events.Redrive(t.Context(), broker, "q.payment"); n != len(sent) || err != nil {
		t.Fatalf("redrive: got %d and %v, want %d", n, err, len(sent))
	}
	if err := <-again; err != nil {
		t.Fatal(err)
	}
	for _, d := range listDead(t, broker, "q.payment", len(sent)) {
		if d.Reason != "the same bug" {
			t.Errorf("dead letter %s: got reason %q, want that of its second failure", d.ID, d.Reason)
		}
	}
}

func redriveMissing(t *testing.T, b *Backend) {
	broker := b.Connect()
	_, err := events.Redrive(t.Context(), broker, "q.payment", "0190-no-such-event")
	wantCode(t, err, problem.NotFound)
	publish(t, broker, made(1)...)
	bury(t, fetch(t, subscribe(t, broker, queue("q.payment")), 1)[0], "bad")
	_, err = events.Redrive(t.Context(), broker, "q.payment", "0190-no-such-event")
	wantCode(t, err, problem.NotFound)
}
