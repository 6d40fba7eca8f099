package eventstest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
)

// deliveries are about what a broker does when all is well.
func deliveries() []trial {
	return []trial{
		{"an event arrives as it was sent", arrivesAsSent},
		{"an event that was published before the first subscriber came arrives", arrivesLate},
		{"an event that was published before a second queue was made arrives there too", arrivesElsewhere},
		{"each queue gets each event, and takes only its types", eachQueue},
		{"two subscribers of a queue share its events", shared},
		{"an event that is published again does no harm", publishedTwice},
		{"a batch with an event that is known already arrives whole", batchWithKnown},
		{"a large batch arrives whole and in order", largeBatch},
		{"an acknowledged event does not come again", acknowledged},
		{"a released event comes again", released},
		{"a released event comes again only after its delay", releasedWithDelay},
		{"an event in hand is not given to others", inHand},
		{"a subscriber that leaves gives back what it held", leaves},
		{"the backlog counts what waits and what is dead", backlog},
		{"fetch on an empty queue ends with nothing", emptyFetch},
		{"an event that cannot travel is refused", refused},
	}
}

func arrivesAsSent(t *testing.T, b *Backend) {
	broker := b.Connect()
	sent := made(1)[0]
	sent.Data = []byte{0, 1, 2, 0xff}
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, sent)
	got := fetch(t, s, 1)[0].Event()
	if !reflect.DeepEqual(got, sent) {
		t.Errorf("got  %+v\nwant %+v", got, sent)
	}
}

func arrivesLate(t *testing.T, b *Backend) {
	broker := b.Connect()
	sent := made(3)
	publish(t, broker, sent...)
	got := fetch(t, subscribe(t, broker, queue("q.payment")), 3)
	wantIDs(t, got, sent)
	if got := got[0].Event(); !reflect.DeepEqual(got, sent[0]) {
		t.Errorf("got  %+v\nwant %+v", got, sent[0])
	}
}

func arrivesElsewhere(t *testing.T, b *Backend) {
	broker := b.Connect()
	payment := subscribe(t, broker, queue("q.payment"))
	nothing(t, payment)
	sent := made(3)
	publish(t, broker, sent...)
	wantIDs(t, fetch(t, subscribe(t, broker, queue("q.shipping")), 3), sent)
	wantIDs(t, fetch(t, payment, 3), sent)
}

func eachQueue(t *testing.T, b *Backend) {
	broker := b.Connect()
	payment := subscribe(t, broker, queue("q.payment"))
	users := subscribe(t, broker, events.Queue{Name: "q.users", Types: []string{"user.registered.v1"}})
	orders := subscribe(t, broker, queue("q.notification"))
	order, user := Event("order.cancelled.v1", "o", nil), Event("user.registered.v1", "u", nil)
	order.Data, user.Data = []byte("o"), []byte("u")
	publish(t, broker, order, user)
	wantIDs(t, fetch(t, payment, 1), []events.Event{order})
	wantIDs(t, fetch(t, orders, 1), []events.Event{order})
	wantIDs(t, fetch(t, users, 1), []events.Event{user})
	nothing(t, payment)
	nothing(t, users)
}

func shared(t *testing.T, b *Backend) {
	broker := b.Connect()
	one, two := subscribe(t, broker, queue("q.payment")), subscribe(t, b.Connect(), queue("q.payment"))
	sent := made(20)
	publish(t, broker, sent...)
	first := fetch(t, one, 10)
	second := fetch(t, two, 10)
	got := slices.Concat(ids(first), ids(second))
	slices.Sort(got)
	if len(slices.Compact(got)) != 20 {
		t.Errorf("two subscribers got %d different events of 20", len(slices.Compact(got)))
	}
}

func publishedTwice(t *testing.T, b *Backend) {
	broker := b.Connect()
	sent := made(2)
	publish(t, broker, sent[0])
	publish(t, b.Connect(), sent[0])
	publish(t, broker, sent...)
	b.onlyThese(t, subscribe(t, broker, queue("q.payment")), sent)
}

// batchWithKnown is what happens after a lost confirm: part of a batch is there already.
func batchWithKnown(t *testing.T, b *Backend) {
	broker := b.Connect()
	sent := made(100)
	publish(t, broker, sent[40])
	publish(t, broker, sent...)
	publish(t, broker, sent...)
	b.onlyThese(t, subscribe(t, broker, queue("q.payment")), sent)
}

// onlyThese says that these events come and no others; each once, where the broker promises that.
func (b *Backend) onlyThese(t *testing.T, s events.Subscription, want []events.Event) {
	t.Helper()
	seen := arrive(t, s, want)
	for {
		batch, err := s.Fetch(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) == 0 {
			break
		}
		for _, d := range batch {
			seen[d.Event().ID]++
		}
		ack(t, batch...)
	}
	if len(seen) != len(want) {
		t.Errorf("got %d different events, want %d", len(seen), len(want))
	}
	for id, n := range seen {
		if n > 1 && b.kind.Deduplicates {
			t.Errorf("event %s came %d times, want once", id, n)
		}
	}
}

func largeBatch(t *testing.T, b *Backend) {
	broker := b.Connect()
	sent := made(1234)
	publish(t, broker, sent...)
	wantIDs(t, fetch(t, subscribe(t, broker, queue("q.payment")), len(sent)), sent)
}

func acknowledged(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(3)...)
	ack(t, fetch(t, s, 3)...)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	nothing(t, subscribe(t, broker, queue("q.payment")))
}

func released(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	sent := made(5)
	publish(t, broker, sent...)
	for range 3 { // however often
		for _, d := range fetch(t, s, 5) {
			if err := d.Release(0); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := ids(fetch(t, s, 5))
	slices.Sort(got)
	if len(slices.Compact(got)) != 5 {
		t.Errorf("got %d different events after their release, want 5", len(got))
	}
}

func releasedWithDelay(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(1)...)
	const delay = 400 * time.Millisecond
	d := fetch(t, s, 1)[0]
	start := time.Now()
	if err := d.Release(delay); err != nil {
		t.Fatal(err)
	}
	ack(t, fetch(t, s, 1)...)
	if took := time.Since(start); took < delay || took > delay+time.Second {
		t.Errorf("the event came again after %v, want %v", took, delay)
	}
}

// inHand holds an event for longer than any broker waits for an acknowledgement by itself.
func inHand(t *testing.T, b *Backend) {
	broker := b.Connect()
	publish(t, broker, made(1)...)
	mine := fetch(t, subscribe(t, broker, queue("q.payment")), 1)
	other := subscribe(t, b.Connect(), queue("q.payment"))
	for range 3 { // each waits about two seconds
		nothing(t, other)
	}
	ack(t, mine...)
}

func leaves(t *testing.T, b *Backend) {
	broker := b.Connect()
	sent := made(3)
	publish(t, broker, sent...)
	s := subscribe(t, broker, queue("q.payment"))
	ack(t, fetch(t, s, 3)[0])
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := subscribe(t, b.Connect(), queue("q.payment"))
	start := time.Now()
	got := ids(fetch(t, other, 2))
	slices.Sort(got)
	if want := []string{sent[1].ID, sent[2].ID}; !slices.Equal(got, want) {
		t.Errorf("got %v, want what was held: %v", got, want)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v to get what another subscriber gave back", took)
	}
}

func emptyFetch(t *testing.T, b *Backend) { nothing(t, subscribe(t, b.Connect(), queue("q.payment"))) }

func backlog(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(5)...)
	batch := fetch(t, s, 2)
	want := func(waiting, dead int64) {
		t.Helper()
		WaitFor(t, func() error {
			got, err := s.Backlog(t.Context())
			if err != nil {
				return err
			}
			if (got != events.Backlog{Waiting: waiting, Dead: dead}) {
				return &unexpected{got, events.Backlog{Waiting: waiting, Dead: dead}}
			}
			return nil
		})
	}
	want(5, 0)
	ack(t, batch[0])
	want(4, 0)
	bury(t, batch[1], "bad")
	want(3, 1)
}

func refused(t *testing.T, b *Backend) {
	broker := b.Connect()
	for _, e := range []events.Event{
		Event("", "k", nil),
		Event("Order Created", "k", nil),
		Event("order.*", "k", nil),
		Event("order.created.v1", "k", []byte(strings.Repeat("x", events.MaxData+1))),
		{Type: "order.created.v1"},
	} {
		wantCode(t, broker.Publish(t.Context(), []events.Event{e}), problem.Invalid)
	}
	_, err := broker.Subscribe(t.Context(), queue("Q !"))
	wantCode(t, err, problem.Invalid)
	_, err = broker.Subscribe(t.Context(), events.Queue{Name: "q.payment"})
	wantCode(t, err, problem.Invalid)
}
