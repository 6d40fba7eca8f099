package cardprocessor

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/stripe/stripe-go/v82"
	"github.com/stripe/stripe-go/v82/webhook"

	"stormglass/internal/await"
)

const webhookSecret = "whsec_shop"

// shop takes webhooks, once it is open; it checks each with Stripe's own code.
type shop struct {
	*httptest.Server
	mu      sync.Mutex
	closed  bool
	refused int
	taken   []stripe.Event
	traces  []string
}

func newShop(t *testing.T) *shop {
	s := &shop{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read webhook: %v", err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			s.refused++
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		event, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), webhookSecret)
		if err != nil {
			t.Errorf("webhook %s: %v", body, err)
		}
		s.taken = append(s.taken, event)
		s.traces = append(s.traces, r.Header.Get(traceHeader))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) set(closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = closed
}

// types gives the types of the events that were taken, sorted.
func (s *shop) types() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var types []string
	for _, e := range s.taken {
		types = append(types, string(e.Type))
	}
	slices.Sort(types)
	return types
}

// deliver sends a ledger's events until stop is called.
func deliver(t *testing.T, l *Ledger, url string) (stop func()) {
	t.Helper()
	tracer, closer := newTracer("card-processor", "", zerolog.Nop())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = newWebhooks(l, url, webhookSecret, tracer, zerolog.Nop()).Run(ctx) // it ends with ctx
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
		if err := closer.Close(); err != nil {
			t.Errorf("close tracer: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func TestTheShopIsToldOfEverythingThatHappened(t *testing.T) {
	s, p := newShop(t), start(t)
	deliver(t, p.ledger, s.URL)
	for _, token := range []string{"pm_card_visa", "pm_card_chargeDeclined", "pm_card_slow"} {
		p.post(t, "/v1/payment_intents/"+p.newIntent(t, token)+"/confirm", "", "")
	}
	p.post(t, "/v1/payment_intents/"+p.newIntent(t, "pm_card_visa")+"/cancel", "", "")
	charged := p.newIntent(t, "pm_card_visa")
	p.post(t, "/v1/payment_intents/"+charged+"/confirm", "", "")
	p.post(t, "/v1/refunds", "amount=100&payment_intent="+charged, "")
	want := []string{chargeRefunded, intentCanceled, intentFailed, intentSucceeded, intentSucceeded, intentSucceeded}
	await.True(t, "six events", func() bool { return len(s.types()) == len(want) })
	if got := s.types(); !slices.Equal(got, want) {
		t.Errorf("got events %v, want %v", got, want)
	}
	for _, e := range s.taken {
		var object struct {
			ID            string
			PaymentIntent string `json:"payment_intent"`
			Metadata      map[string]string
			AmountRefund  int64 `json:"amount_refunded"`
		}
		if err := json.Unmarshal(e.Data.Raw, &object); err != nil || object.Metadata["order_id"] != "o-1" {
			t.Errorf("event %s shows %s, %v, want the order's id in it", e.Type, e.Data.Raw, err)
		}
		if e.Type == chargeRefunded && (object.PaymentIntent != charged || object.AmountRefund != 100) {
			t.Errorf("the refund's event shows %s", e.Data.Raw)
		}
	}
	await.True(t, "no event to be left", func() bool { return p.ledger.events.len() == 0 })
}

func TestAnEventIsSentUntilItIsTaken(t *testing.T) {
	s, p := newShop(t), start(t)
	s.set(true)
	deliver(t, p.ledger, s.URL)
	p.post(t, "/v1/payment_intents/"+p.newIntent(t, "pm_card_visa")+"/confirm", "", "")
	await.True(t, "two refused attempts", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.refused >= 2 })
	if b, err := p.ledger.Books(); err != nil || b.WebhooksPending != 1 {
		t.Errorf("got %d webhooks pending, %v, want 1", b.WebhooksPending, err)
	}
	s.set(false)
	await.True(t, "the event", func() bool { return slices.Equal(s.types(), []string{intentSucceeded}) })
}

func TestEventsSurviveAKillAndAreNotSentAgainOnceTaken(t *testing.T) {
	s, p := newShop(t), start(t)
	stop := deliver(t, p.ledger, s.URL)
	p.post(t, "/v1/payment_intents/"+p.newIntent(t, "pm_card_visa")+"/confirm", "", "")
	await.True(t, "the first event", func() bool { return len(s.types()) == 1 && p.ledger.events.len() == 0 })
	stop()
	p.post(t, "/v1/payment_intents/"+p.newIntent(t, "pm_card_chargeDeclined")+"/confirm", "", "")
	after := startAt(t, p.path, Options{Notify: true}, zerolog.Nop())
	if got := after.ledger.events.len(); got != 1 {
		t.Errorf("got %d events to send after the restart, want 1", got)
	}
	deliver(t, after.ledger, s.URL)
	await.True(t, "the second event", func() bool { return slices.Equal(s.types(), []string{intentFailed, intentSucceeded}) })
}

func TestALegacyTraceGoesThroughToTheWebhook(t *testing.T) {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	s, p := newShop(t), start(t)
	deliver(t, p.ledger, s.URL)
	id := p.newIntent(t, "pm_card_visa")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/v1/payment_intents/"+id+"/confirm", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+shopKey)
	r.Header.Set(traceHeader, trace+":00f067aa0ba902b7:0:1")
	p.do(t, r)
	await.True(t, "the event", func() bool { return len(s.types()) == 1 })
	if got := s.traces[0]; !strings.HasPrefix(got, trace) {
		t.Errorf("the webhook has trace context %q, want trace %s", got, trace)
	}
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	for attempts, limit := range map[int]time.Duration{0: firstBackoff, 3: 8 * firstBackoff, 6: lastBackoff, 1000: lastBackoff} {
		if got := backoff(attempts); got < limit/2 || got >= limit {
			t.Errorf("after %d attempts: got %s, want from %s up to %s", attempts, got, limit/2, limit)
		}
	}
}

func TestWhatIsDueFirstIsSentFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		for _, id := range []string{"a", "b", "c"} {
			q.add(Event{ID: id})
		}
		q.remove("b")
		first, _ := q.next(time.Now())
		second, _ := q.next(time.Now())
		q.again(first, time.Now().Add(2*time.Second))
		q.again(second, time.Now().Add(time.Second))
		if d, wait := q.next(time.Now()); d != nil || wait != time.Second {
			t.Errorf("got %v due in %s, want nothing for 1s", d, wait)
		}
		time.Sleep(time.Second)
		if d, _ := q.next(time.Now()); d != second {
			t.Errorf("got %v, want %s", d, second.ID)
		}
		q.remove(second.ID)
		if got := q.len(); got != 1 {
			t.Errorf("got %d events left, want 1", got)
		}
	})
}
