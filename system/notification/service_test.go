package notification

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/protobuf/proto"

	eventsv1 "stormglass/system/api/events/v1"
	moneyv1 "stormglass/system/api/money/v1"
	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// postbox is a company that keeps what it takes, and answers as a test wants.
type postbox struct {
	mu     sync.Mutex
	answer error
	// after is how many letters are taken before that answer.
	after int
	taken []Letter
}

func (p *postbox) Send(_ context.Context, l Letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answer == nil || len(p.taken) < p.after {
		p.taken = append(p.taken, l)
		return nil
	}
	return p.answer
}

func (p *postbox) answers(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = err
}

// world is a service on a database of its own, whose clock the test moves. It starts a week ago, so that what is
// postponed is always due again.
type world struct {
	*Service
	t       *testing.T
	post    *postbox
	advance func(time.Duration)
}

func each(t *testing.T, run func(w world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		texts, err := parseLetters()
		if err != nil {
			t.Fatal(err)
		}
		post := &postbox{}
		s := newService(telemetry.Discard("notification"), storetest.Open(t, url, migrations(), events.Migrations()), texts,
			map[Channel]Sender{Email: post, SMS: post, Push: post}, time.Hour)
		now := time.Now().Add(-7 * 24 * time.Hour).Truncate(time.Microsecond)
		s.now = func() time.Time { return now }
		run(world{s, t, post, func(d time.Duration) { now = now.Add(d) }})
	})
}

// event makes an event as its producer would.
func event(t *testing.T, typ string, payload proto.Message) events.Event {
	t.Helper()
	data, err := proto.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return eventstest.Event(typ, "key", data)
}

func registered(t *testing.T) events.Event {
	return event(t, "user.registered.v1", &eventsv1.UserRegistered{UserId: "ada", Email: "ada@example.org", Name: "Ada", Phone: "+4930123456"})
}

func changed(t *testing.T, version int64, email, phone string) events.Event {
	return event(t, "user.changed.v1", &eventsv1.UserChanged{UserId: "ada", Email: email, Name: "Ada", Phone: phone, Version: version})
}

func confirmed(t *testing.T) events.Event {
	return event(t, "order.confirmed.v1", &eventsv1.OrderConfirmed{
		OrderId: "order-1", UserId: "ada", Total: &moneyv1.Money{Minor: 1999, Currency: "EUR"},
		Items: []*eventsv1.Item{{ProductId: "lamp", Quantity: 1, Title: "Desk lamp", UnitPrice: &moneyv1.Money{Minor: 1999, Currency: "EUR"}}},
	})
}

func dispatched(t *testing.T) events.Event {
	return event(t, "shipment.dispatched.v1", &eventsv1.ShipmentDispatched{OrderId: "order-1", UserId: "ada", Carrier: "Parcel Co", TrackingNumber: "TRACK-1"})
}

// hears applies events as the consumer does, each in a transaction of its own.
func (w world) hears(all ...events.Event) {
	w.t.Helper()
	for _, e := range all {
		err := w.db.InTx(w.t.Context(), "consume "+queue, func(ctx context.Context, tx *store.Tx) error {
			return w.handlers()[e.Type](telemetry.WithCorrelation(ctx, e.CorrelationID), tx, e)
		})
		if err != nil {
			w.t.Fatalf("%s: %v", e.Type, err)
		}
	}
}

// works takes up every message that is due, once, and gives what went wrong.
func (w world) works() (failed error) {
	w.t.Helper()
	for _, company := range []Company{Mailbox, Messenger} {
		source := w.source(company)
		bundles, err := source.Claim(w.t.Context(), 3, time.Minute)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, bundle := range bundles {
			if err := source.Do(w.t.Context(), bundle); err != nil {
				failed = errors.Join(failed, err)
				if err := source.Release(w.t.Context(), [][]Message{bundle}, time.Time{}); err != nil {
					w.t.Fatal(err)
				}
			}
		}
	}
	return failed
}

func (w world) mustWork() {
	w.t.Helper()
	if err := w.works(); err != nil {
		w.t.Fatal(err)
	}
}

// wantStates compares "kind.channel: state reason" of every message.
func (w world) wantStates(want ...string) {
	w.t.Helper()
	var got []string
	err := w.db.Read(w.t.Context(), "read messages", func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT kind, channel, state, reason FROM messages ORDER BY kind, channel`)
		if err != nil {
			return err
		}
		defer rows.Close()
		got = nil
		for rows.Next() {
			var kind, channel, state, reason string
			if err := rows.Scan(&kind, &channel, &state, &reason); err != nil {
				return err
			}
			got = append(got, fmt.Sprintf("%s.%s: %s %s", kind, channel, state, reason))
		}
		return rows.Err()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("got messages %q, want %q", got, want)
	}
}

// wantTaken compares to whom the company was handed how many letters.
func (w world) wantTaken(want map[string]int) {
	w.t.Helper()
	w.post.mu.Lock()
	defer w.post.mu.Unlock()
	got := map[string]int{}
	for _, l := range w.post.taken {
		got[l.To]++
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("letters went to %v, want %v", got, want)
	}
}

func (w world) wantCounted(c Channel, s State, want float64) {
	w.t.Helper()
	if got := testutil.ToFloat64(w.done.WithLabelValues(string(c), string(s))); got != want {
		w.t.Errorf("counted %v %s by %s, want %v", got, s, c, want)
	}
}

// Anybody can register anybody's address, and order in its name: whoever gets the letters must not get an advertisement.
func TestNoLetterCarriesTextThatAStrangerChose(t *testing.T) {
	const advert = "Win at https://evil.example now"
	each(t, func(w world) {
		server := startSMTP(t)
		w.senders[Email] = newMailbox(t, "smtp://"+server.addr)
		w.hears(event(w.t, "user.registered.v1", &eventsv1.UserRegistered{UserId: "ada", Email: "ada@example.org", Name: advert, Phone: "+4930123456"}),
			event(w.t, "user.changed.v1", &eventsv1.UserChanged{UserId: "ada", Email: "ada@example.org", Name: advert + "!", Phone: "+4930123456", Version: 2}),
			confirmed(w.t), dispatched(w.t),
			event(w.t, "payment.completed.v1", &eventsv1.PaymentCompleted{OrderId: "order-1", UserId: "ada", Amount: &moneyv1.Money{Minor: 1999, Currency: "EUR"}}),
			event(w.t, "order.cancelled.v1", &eventsv1.OrderCancelled{OrderId: "order-2", UserId: "ada", Reason: "customer"}),
			event(w.t, "payment.refunded.v1", &eventsv1.PaymentRefunded{OrderId: "order-2", UserId: "ada", Amount: &moneyv1.Money{Minor: 1999, Currency: "EUR"}}))
		w.mustWork()
		emails := server.got()
		if len(emails) != 6 || len(w.post.taken) != 2 {
			t.Errorf("%d e-mails and %d other messages went out, want 6 and 2: every kind there is", len(emails), len(w.post.taken))
		}
		for _, m := range emails {
			if got := fmt.Sprintf("%+v", m); strings.Contains(got, "evil") || m.header.Get("To") != "<ada@example.org>" {
				t.Errorf("got %s", got)
			}
		}
		if got := fmt.Sprintf("%+v", w.post.taken); strings.Contains(got, "evil") {
			t.Errorf("got %s", got)
		}
		var names int
		err := w.db.Read(w.t.Context(), "count names", func(ctx context.Context, tx *store.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM contacts WHERE name <> ''`).Scan(&names)
		})
		if err != nil || names != 0 {
			t.Errorf("%d names are kept, %v; want none", names, err)
		}
	})
}

// An account may have an address from before the rule that refuses it.
func TestAnAddressThatCannotBeWrittenToFailsItsEmailsAndNothingElse(t *testing.T) {
	each(t, func(w world) {
		w.senders[Email] = newMailbox(t, "smtp://"+startSMTP(t).addr)
		w.hears(event(w.t, "user.registered.v1", &eventsv1.UserRegistered{UserId: "ada", Email: "a..b@example.com", Phone: "+4930123456"}), dispatched(w.t))
		w.mustWork()
		w.wantStates("dispatch.email: failed address_malformed", "dispatch.sms: sent ", "welcome.email: failed address_malformed")
		w.hears(changed(w.t, 2, "ada@example.org", ""), confirmed(w.t))
		w.mustWork()
		w.wantStates("confirmation.email: sent ", "confirmation.push: sent ", "dispatch.email: failed address_malformed", "dispatch.sms: sent ", "welcome.email: failed address_malformed")
	})
}

func TestEachEventIsToldByItsChannels(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t), confirmed(w.t), dispatched(w.t),
			event(w.t, "payment.completed.v1", &eventsv1.PaymentCompleted{OrderId: "order-1", UserId: "ada", Amount: &moneyv1.Money{Minor: 1999, Currency: "EUR"}}),
			event(w.t, "order.cancelled.v1", &eventsv1.OrderCancelled{OrderId: "order-2", UserId: "ada", Reason: "customer"}),
			event(w.t, "payment.refunded.v1", &eventsv1.PaymentRefunded{OrderId: "order-2", UserId: "ada", Amount: &moneyv1.Money{Minor: 1999, Currency: "EUR"}}))
		w.mustWork()
		w.wantStates("cancellation.email: sent ", "confirmation.email: sent ", "confirmation.push: sent ", "dispatch.email: sent ", "dispatch.sms: sent ",
			"receipt.email: sent ", "refund.email: sent ", "welcome.email: sent ")
		w.wantTaken(map[string]int{"ada@example.org": 6, "+4930123456": 1, "ada": 1})
		w.wantCounted(Email, Sent, 6)
		w.mustWork()
		w.wantCounted(Email, Sent, 6)
	})
}

func TestAnEventThatComesAgainIsNotToldAgain(t *testing.T) {
	each(t, func(w world) {
		e := confirmed(w.t)
		w.hears(registered(w.t), e, e)
		w.mustWork()
		w.hears(e)
		w.mustWork()
		w.wantTaken(map[string]int{"ada@example.org": 2, "ada": 1})
	})
}

func TestAMessageWaitsForItsContactAndGoesOutWhenThatArrives(t *testing.T) {
	each(t, func(w world) {
		w.hears(dispatched(w.t))
		w.mustWork()
		w.advance(9 * time.Minute)
		w.mustWork()
		w.wantStates("dispatch.email: due ", "dispatch.sms: due ")
		w.hears(registered(w.t))
		w.mustWork()
		w.wantStates("dispatch.email: sent ", "dispatch.sms: sent ", "welcome.email: sent ")
		w.wantTaken(map[string]int{"ada@example.org": 2, "+4930123456": 1})
	})
}

func TestAContactThatNeverArrivesIsReportedInTheEnd(t *testing.T) {
	each(t, func(w world) {
		w.hears(dispatched(w.t))
		w.advance(time.Hour)
		w.mustWork()
		w.wantStates("dispatch.email: due ", "dispatch.sms: due ")
		w.advance(time.Second)
		w.mustWork()
		w.wantStates("dispatch.email: failed contact_unknown", "dispatch.sms: failed contact_unknown")
		w.wantCounted(SMS, Failed, 1)
	})
}

func TestTheNewestContactCountsInWhateverOrderItIsHeard(t *testing.T) {
	each(t, func(w world) {
		w.hears(changed(w.t, 3, "newest@example.org", ""), changed(w.t, 2, "newer@example.org", "+49301"), registered(w.t), dispatched(w.t))
		w.mustWork()
		w.wantTaken(map[string]int{"newest@example.org": 2})
		w.wantStates("dispatch.email: sent ", "dispatch.sms: skipped no_address", "welcome.email: sent ")
		w.wantCounted(SMS, Skipped, 1)
	})
}

func TestARefusalForGoodEndsTheMessageAndNoOther(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t))
		w.post.answers(problem.New(problem.Invalid, "smtp_550", "refused"))
		w.mustWork()
		w.post.answers(nil)
		w.hears(confirmed(w.t))
		w.mustWork()
		w.wantStates("confirmation.email: sent ", "confirmation.push: sent ", "welcome.email: failed smtp_550")
		w.wantCounted(Email, Failed, 1)
	})
}

func TestAnOutageLosesNothingHoweverLongItLasts(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t), confirmed(w.t))
		w.post.answers(problem.New(problem.Unavailable, "", "away"))
		for range 5 {
			if err := w.works(); !problem.CodeOf(err).Outage() {
				w.t.Errorf("the worker is told %v, want an outage", err)
			}
			w.advance(24 * time.Hour)
		}
		w.wantStates("confirmation.email: due ", "confirmation.push: due ", "welcome.email: due ")
		w.post.answers(nil)
		w.mustWork()
		w.wantTaken(map[string]int{"ada@example.org": 2, "ada": 1})
	})
}

func TestAMessageThatIsNotTakenNowIsTriedAgainForABoundedTime(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t))
		w.post.answers(problem.New(problem.Conflict, "smtp_450", "not now"))
		w.mustWork()
		w.wantStates("welcome.email: due ")
		w.advance(time.Hour + time.Second)
		w.mustWork()
		w.wantStates("welcome.email: failed smtp_450")
	})
}

func TestWhatWentOutBeforeAnOutageDoesNotGoOutAgain(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t))
		for range 9 {
			w.hears(dispatched(w.t))
		}
		w.post.after = 4
		w.post.answers(problem.New(problem.Unavailable, "", "away"))
		if err := w.works(); !problem.CodeOf(err).Outage() {
			w.t.Errorf("the worker is told %v, want an outage", err)
		}
		w.wantCounted(Email, Sent, 4)
		w.post.answers(nil)
		w.mustWork()
		w.wantTaken(map[string]int{"ada@example.org": 10, "+4930123456": 9})
	})
}

func TestAContactThatArrivesWhileAMessageIsPostponedIsNotMissed(t *testing.T) {
	each(t, func(w world) {
		w.hears(dispatched(w.t))
		w.advance(9 * time.Minute) // by now it would be left alone for as long again
		source := w.source(Mailbox)
		bundles, err := source.Claim(w.t.Context(), 1, time.Minute)
		if err != nil || len(bundles) != 1 {
			w.t.Fatalf("claimed %v, %v", bundles, err)
		}
		w.hears(registered(w.t))
		if err := source.Do(w.t.Context(), bundles[0]); err != nil {
			w.t.Fatal(err)
		}
		err = w.db.Read(w.t.Context(), "read", func(ctx context.Context, tx *store.Tx) error {
			var next int64
			err := tx.QueryRow(ctx, `SELECT MAX(next_us) FROM messages WHERE kind = $1`, Dispatch).Scan(&next)
			if next != 0 {
				w.t.Error("the message goes on waiting for the contact that is there")
			}
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	})
}

func TestMessagesAreSharedAmongTheFreePlaces(t *testing.T) {
	for _, c := range []struct {
		messages, places int
		want             []int
	}{{0, 4, nil}, {1, 4, []int{1}}, {4, 4, []int{4}}, {10, 4, []int{6, 4}}, {30, 4, []int{8, 8, 8, 6}}, {64, 4, []int{16, 16, 16, 16}}, {5, 1, []int{5}}} {
		var got []int
		for _, bundle := range share(make([]Message, c.messages), c.places) {
			got = append(got, len(bundle))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d messages in %d places: got %v, want %v", c.messages, c.places, got, c.want)
		}
	}
}

func TestPausesGrowWithTheWait(t *testing.T) {
	m := Message{Since: time.Now()}
	for waited, want := range map[time.Duration]time.Duration{0: shortestPause, time.Second: time.Second, time.Minute: time.Minute, 24 * time.Hour: longestPause} {
		if got := m.pause(m.Since.Add(waited)); got != want {
			t.Errorf("after %v: got a pause of %v, want %v", waited, got, want)
		}
	}
}

func TestTwoInstancesDeliverEachMessageOnce(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t))
		for range 40 {
			w.hears(dispatched(w.t))
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				source := w.source(Mailbox)
				for {
					bundles, err := source.Claim(w.t.Context(), 1, time.Minute)
					if err != nil {
						w.t.Error(err)
					}
					if len(bundles) == 0 {
						return
					}
					if err := source.Do(w.t.Context(), bundles[0]); err != nil {
						w.t.Error(err)
					}
				}
			})
		}
		all.Wait()
		w.wantTaken(map[string]int{"ada@example.org": 41})
	})
}

// wantUnanswered compares how many attempts at each message, by "kind.channel", nobody knows the outcome of, as the audit
// shows it. A message with none is left out.
func (w world) wantUnanswered(want map[string]int64) {
	w.t.Helper()
	got := map[string]int64{}
	query := audit()[1].Query
	err := w.db.Read(w.t.Context(), "read audit", func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT kind, channel, unanswered FROM (`+strings.TrimSuffix(query, "ORDER BY id")+`) AS shown WHERE unanswered <> 0`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var kind, channel string
			var n int64
			if err := rows.Scan(&kind, &channel, &n); err != nil {
				return err
			}
			got[kind+"."+channel] = n
		}
		return rows.Err()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("unanswered attempts: got %v, want %v", got, want)
	}
}

func TestAnAttemptWhoseAnswerWasLostStaysCountedAndNoOther(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t), confirmed(w.t))
		away := problem.New(problem.Unavailable, "", "away")
		w.post.answers(unanswered{away})
		for range 2 {
			if err := w.works(); !problem.CodeOf(err).Outage() {
				w.t.Errorf("the worker is told %v, want an outage", err)
			}
		}
		// Of the bundle of two e-mails only one went out each time; nobody tried the other.
		total := w.unanswered()
		if total[Email] != 2 || total[Push] != 2 {
			w.t.Errorf("unanswered attempts: got %v, want 2 by e-mail and 2 by push", total)
		}
		w.post.answers(away)
		if err := w.works(); !problem.CodeOf(err).Outage() {
			w.t.Errorf("the worker is told %v, want an outage", err)
		}
		w.post.answers(problem.New(problem.Conflict, "smtp_450", "not now"))
		w.mustWork()
		w.advance(time.Minute)
		w.post.answers(nil)
		w.mustWork()
		w.wantStates("confirmation.email: sent ", "confirmation.push: sent ", "welcome.email: sent ")
		if again := w.unanswered(); !maps.Equal(again, total) {
			w.t.Errorf("unanswered attempts: got %v after all was sent, want %v as before", again, total)
		}
	})
}

// unanswered sums them up by channel.
func (w world) unanswered() map[Channel]int64 {
	w.t.Helper()
	sums := map[Channel]int64{}
	err := w.db.Read(w.t.Context(), "sum up", func(ctx context.Context, tx *store.Tx) error {
		clear(sums)
		rows, err := tx.Query(ctx, `SELECT channel, attempts - answered FROM messages`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Channel
			var n int64
			if err := rows.Scan(&c, &n); err != nil {
				return err
			}
			sums[c] += n
		}
		return rows.Err()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return sums
}

// claimed takes up the messages of a company as a worker does.
func (w world) claimed(c Company, lease time.Duration) [][]Message {
	w.t.Helper()
	bundles, err := w.source(c).Claim(w.t.Context(), 1, lease)
	if err != nil || len(bundles) != 1 {
		w.t.Fatalf("claimed %v, %v", bundles, err)
	}
	return bundles
}

func TestASenderThatDiesLeavesItsAttemptUnanswered(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t))
		w.claimed(Mailbox, -time.Second) // and dies with it: nothing is noted, and the lease runs out
		w.wantUnanswered(map[string]int64{"welcome.email": 1})
		w.mustWork()
		w.wantStates("welcome.email: sent ")
		w.wantUnanswered(map[string]int64{"welcome.email": 1})
	})
}

func TestAnAnswerThatComesAfterAnotherSentItAgainIsTooLate(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t))
		slow := w.claimed(Mailbox, -time.Second)
		w.mustWork()
		if err := w.source(Mailbox).Do(w.t.Context(), slow[0]); err != nil {
			w.t.Fatal(err)
		}
		w.wantTaken(map[string]int{"ada@example.org": 2})
		w.wantUnanswered(map[string]int64{"welcome.email": 1})
	})
}

func TestWhatIsAnsweredAtOnceHasNoUnansweredAttempt(t *testing.T) {
	each(t, func(w world) {
		w.hears(registered(w.t), confirmed(w.t), changed(w.t, 2, "ada@example.org", ""), dispatched(w.t))
		w.mustWork()
		w.wantStates("confirmation.email: sent ", "confirmation.push: sent ", "dispatch.email: sent ", "dispatch.sms: skipped no_address", "welcome.email: sent ")
		w.wantUnanswered(map[string]int64{})
	})
}
