package eventstest

import (
	"errors"
	"testing"
	"time"

	"stormglass/system/platform/events"
)

// outages are about the way to the broker.
func outages() []trial {
	return []trial{
		{"an absent broker is an outage and not a hang", absent},
		{"after a cut the broker is used again", healed},
		{"a silent broker is noticed, and used again when it speaks", silent},
		{"what a silent subscriber held comes to another, in order", takeover},
		{"an event that was released with a delay outlives its subscriber", delayedTakeover},
	}
}

func absent(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(1)...)
	d := fetch(t, s, 1)[0]
	b.Line.Cut()
	start := time.Now()
	WaitFor(t, func() error { // the loss may be noticed a moment later
		if broker.Ping(t.Context()) == nil {
			return errors.New("the broker still answers")
		}
		return nil
	})
	wantOutage(t, "publish", broker.Publish(t.Context(), made(30)))
	_, err := s.Fetch(t.Context(), 10)
	wantOutage(t, "fetch", err)
	_, err = s.Backlog(t.Context())
	wantOutage(t, "backlog", err)
	wantOutage(t, "dead-letter", d.DeadLetter(t.Context(), events.Failure{Reason: "bad"}))
	_, err = broker.DeadLetters(t.Context(), "q.payment")
	wantOutage(t, "list dead letters", err)
	_, err = broker.Redrive(t.Context(), "q.payment", "x")
	wantOutage(t, "redrive", err)
	if took := time.Since(start); took > 25*time.Second {
		t.Errorf("it took %v to learn that the broker is away", took)
	}
}

// works says that the broker takes an event and gives it, soon enough.
func works(t *testing.T, broker events.Broker, s events.Subscription) {
	t.Helper()
	start := time.Now()
	sent := made(3)
	WaitFor(t, func() error { return broker.Publish(t.Context(), sent) })
	arrive(t, s, sent)
	if took := time.Since(start); took > back {
		t.Errorf("it took %v until the broker was used again, want at most %v", took, back)
	} else {
		t.Logf("used again after %v", took)
	}
}

func healed(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(1)...)
	held := fetch(t, s, 1)
	b.Line.Cut()
	WaitFor(t, func() error {
		if broker.Ping(t.Context()) == nil {
			return errors.New("the broker still answers")
		}
		return nil
	})
	b.Line.Mend()
	works(t, broker, s)
	_ = held[0].Ack() // from before the cut: it may come again or not
}

func silent(t *testing.T, b *Backend) {
	broker := b.Connect()
	s := subscribe(t, broker, queue("q.payment"))
	publish(t, broker, made(1)...)
	ack(t, fetch(t, s, 1)...)
	b.Line.Silence()
	start := time.Now()
	published := make(chan error, 1)
	go func() { published <- broker.Publish(t.Context(), made(3)) }()
	WaitFor(t, func() error {
		_, err := s.Fetch(t.Context(), 10)
		if err == nil {
			return errors.New("a fetch still finds nothing wrong")
		}
		wantOutage(t, "fetch from the silence", err)
		return nil
	})
	wantOutage(t, "publish into the silence", <-published)
	if took := time.Since(start); took > noticed {
		t.Errorf("the silence was noticed after %v, want at most %v", took, noticed)
	} else {
		t.Logf("noticed after %v", took)
	}
	b.Line.Speak()
	works(t, broker, s)
}

func takeover(t *testing.T, b *Backend) {
	first, line := b.Aside()
	sent := made(10)
	publish(t, first, sent...)
	fetch(t, subscribe(t, first, queue("q.payment")), 10)
	line.Silence()
	wantIDs(t, fetch(t, subscribe(t, b.Connect(), queue("q.payment")), 10), sent)
}

func delayedTakeover(t *testing.T, b *Backend) {
	first, line := b.Aside()
	sent := made(1)
	publish(t, first, sent...)
	if err := fetch(t, subscribe(t, first, queue("q.payment")), 1)[0].Release(time.Second); err != nil {
		t.Fatal(err)
	}
	line.Cut()
	wantIDs(t, fetch(t, subscribe(t, b.Connect(), queue("q.payment")), 1), sent)
}
