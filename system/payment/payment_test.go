package payment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

const (
	alice = UserID("alice")
	goods = OrderID("o1")
)

var price = money.Of(1299, "EUR")

// company is a processor with honest books whose answers the test may lose.
type company struct {
	mu      sync.Mutex
	intents map[IntentID]Intent
	charged map[IntentID]int
	refunds map[IntentID]int
	// status is where the payment's nth refund stands; one that it has nothing for has succeeded.
	status  map[int64]Refund
	decline string
	// asks: the bank wants the customer to prove who they are, which nobody does here.
	asks bool
	// lost says whether an answer gets lost on its way back, after what it answers has been done.
	lost func() bool
}

var errLost = problem.New(problem.Timeout, "", "the answer was lost")

func (c *company) do(change func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	if c.lost() {
		return errLost
	}
	return nil
}

func (c *company) Create(_ context.Context, p Payment, token string) (intent Intent, err error) {
	id := IntentID("pi_" + p.Order) // the key gives the same charge
	err = c.do(func() {
		if _, known := c.intents[id]; !known {
			c.intents[id] = Intent{ID: id, Status: NeedsConfirmation}
		}
		intent = c.intents[id]
	})
	return intent, err
}

func (c *company) Confirm(_ context.Context, p Payment) (intent Intent, err error) {
	err = c.do(func() {
		intent = c.intents[p.Intent]
		if intent.Status == NeedsConfirmation {
			intent.Status, intent.Declined = Succeeded, c.decline
			switch {
			case c.decline != "":
				intent.Status = NeedsMethod
			case c.asks:
				intent.Status = NeedsAction
			default:
				c.charged[p.Intent]++
			}
			c.intents[p.Intent] = intent
		}
	})
	return intent, err
}

func (c *company) Read(_ context.Context, id IntentID) (intent Intent, err error) {
	err = c.do(func() { intent = c.intents[id] })
	return intent, err
}

func (c *company) Cancel(_ context.Context, p Payment) (intent Intent, err error) {
	err = c.do(func() {
		intent = c.intents[p.Intent]
		if intent.Status != Succeeded {
			intent.Status = Canceled
			c.intents[p.Intent] = intent
		}
	})
	return intent, err
}

func (c *company) Refund(_ context.Context, p Payment) (refund Refund, err error) {
	err = c.do(func() {
		var planned bool
		if refund, planned = c.status[p.RefundsFailed]; !planned {
			refund.Status = RefundCompleted
		}
		if refund.Status == RefundCompleted {
			c.refunds[p.Intent] = 1
		}
	})
	return refund, err
}

// told is an outbox that remembers what it was told in transactions that committed.
type told struct {
	mu   sync.Mutex
	said []string
}

func (t *told) Completed(_ context.Context, tx *store.Tx, p Payment) error {
	return t.note(tx, p, "completed")
}
func (t *told) Failed(_ context.Context, tx *store.Tx, p Payment) error {
	return t.note(tx, p, "failed "+p.Reason)
}
func (t *told) Refunded(_ context.Context, tx *store.Tx, p Payment) error {
	return t.note(tx, p, "refunded")
}

func (t *told) note(tx *store.Tx, p Payment, what string) error {
	tx.AfterCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.said = append(t.said, string(p.Order)+" "+what)
	})
	return nil
}

type bench struct {
	*Service
	company *company
	told    *told
	card    CardRef
}

func newBench(t *testing.T, url string) *bench {
	t.Helper()
	tel := telemetry.Discard("payment")
	b := &bench{
		company: &company{intents: map[IntentID]Intent{}, charged: map[IntentID]int{}, refunds: map[IntentID]int{}, lost: func() bool { return false }},
		told:    &told{},
	}
	b.Service = &Service{
		tel: tel, db: storetest.Open(t, url, migrations(), events.Migrations()), processor: b.company, outbox: b.told,
		figures: newFigures(tel), wake: func() {}, now: time.Now, refunds: RefundPolicy{Refunds: 3, Again: time.Hour},
	}
	b.toDo = toDo(b.db)
	card, err := b.RegisterCard(t.Context(), alice, "k", "pm_card_visa")
	if err != nil {
		t.Fatal(err)
	}
	b.card = card
	return b
}

// hear applies one event about an order.
func (b *bench) hear(ctx context.Context, o OrderID, event string) error {
	return b.db.InTx(ctx, "test", func(ctx context.Context, tx *store.Tx) error {
		switch event {
		case "ordered":
			return b.Ordered(ctx, tx, o, alice, price, b.card)
		case "reserved":
			return b.StockReserved(ctx, tx, o)
		}
		return b.OrderCancelled(ctx, tx, o)
	})
}

// labour does all work there is, until none is left or the rounds are used up.
func (b *bench) labour(t *testing.T, ctx context.Context) {
	t.Helper()
	for range 100 {
		claimed, err := b.toDo.Claim(ctx, 10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		waiting, err := pendingRefunds(b.db).Claim(ctx, 10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if claimed = append(claimed, waiting...); len(claimed) == 0 {
			return
		}
		for _, p := range claimed {
			if b.work(ctx, p) != nil {
				if err := b.toDo.Release(ctx, []Payment{p}, b.now()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	t.Error("the work does not end")
}

func TestWhatEventsLeadToInAnyOrder(t *testing.T) {
	cases := []struct {
		events  string
		state   State
		said    string
		charged int
	}{
		{"ordered reserved work", Completed, "o1 completed", 1},
		{"reserved ordered work", Completed, "o1 completed", 1},
		{"ordered ordered reserved reserved work work", Completed, "o1 completed", 1},
		{"ordered work", Waiting, "", 0},
		{"reserved work", Waiting, "", 0},
		{"ordered cancelled reserved work", Cancelled, "", 0},
		{"cancelled ordered reserved work", Cancelled, "", 0},
		{"ordered reserved cancelled work", Cancelled, "", 0},
		{"ordered reserved work cancelled work", Refunded, "o1 completed,o1 refunded", 1},
		{"ordered reserved work cancelled cancelled work cancelled work", Refunded, "o1 completed,o1 refunded", 1},
	}
	for _, c := range cases {
		t.Run(c.events, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				b := newBench(t, url)
				for _, e := range strings.Fields(c.events) {
					if e == "work" {
						b.labour(t, t.Context())
					} else if err := b.hear(t.Context(), goods, e); err != nil {
						t.Fatal(err)
					}
				}
				b.wantState(t, goods, c.state)
				if got := strings.Join(b.told.said, ","); got != c.said {
					t.Errorf("said %q, want %q", got, c.said)
				}
				if got := b.company.charged["pi_o1"]; got != c.charged {
					t.Errorf("charged %d times, want %d", got, c.charged)
				}
			})
		})
	}
}

func (b *bench) wantState(t *testing.T, o OrderID, want State) {
	t.Helper()
	err := b.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		p, _, err := byOrder(ctx, tx, o)
		if err == nil && p.State != want {
			err = fmt.Errorf("order %s is %s, want %s", o, p.State, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDeclinedCardFailsOnceAndForAll(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	b.company.decline = "insufficient_funds"
	for _, e := range []string{"ordered", "reserved"} {
		if err := b.hear(t.Context(), goods, e); err != nil {
			t.Fatal(err)
		}
	}
	b.labour(t, t.Context())
	b.wantState(t, goods, Failed)
	if got := strings.Join(b.told.said, ","); got != "o1 failed insufficient_funds" {
		t.Errorf("said %q", got)
	}
}

// A charge that waits for the customer at their bank waits until the order is given up, and ends with it.
func TestAChargeThatWaitsForTheCustomerEndsWithTheOrder(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	b.company.asks = true
	for _, e := range []string{"ordered", "reserved"} {
		if err := b.hear(t.Context(), goods, e); err != nil {
			t.Fatal(err)
		}
	}
	claimed, err := b.toDo.Claim(t.Context(), 1, time.Minute)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	if err := b.work(t.Context(), claimed[0]); !errors.Is(err, errNotYet) {
		t.Errorf("got %v, want %v", err, errNotYet)
	}
	if err := b.hear(t.Context(), goods, "cancelled"); err != nil {
		t.Fatal(err)
	}
	b.labour(t, t.Context())
	b.wantState(t, goods, Cancelled)
	if got := b.company.intents["pi_o1"].Status; got != Canceled {
		t.Errorf("the charge is %s at the processor, want %s", got, Canceled)
	}
}

func TestCancellationWhileTheChargeIsUnderWayGivesTheMoneyBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		for _, e := range []string{"ordered", "reserved"} {
			if err := b.hear(t.Context(), goods, e); err != nil {
				t.Fatal(err)
			}
		}
		claimed, err := b.toDo.Claim(t.Context(), 1, time.Minute)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %v, %v", claimed, err)
		}
		if err := b.hear(t.Context(), goods, "cancelled"); err != nil {
			t.Fatal(err)
		}
		b.wantState(t, goods, Cancelling)
		if err := b.work(t.Context(), claimed[0]); err != nil { // the one who claimed it does not know yet
			t.Fatal(err)
		}
		b.labour(t, t.Context())
		if b.company.charged["pi_o1"] != b.company.refunds["pi_o1"] {
			t.Errorf("charged %d times, refunded %d times", b.company.charged["pi_o1"], b.company.refunds["pi_o1"])
		}
		if slices.Contains(b.told.said, "o1 completed") {
			t.Error("told that a cancelled order was paid")
		}
	})
}

// Lost answers, redelivered events, cancellations at any moment and two workers: in the end each order is charged at most
// once, and no cancelled one keeps money.
func TestMoneyIsRightWhateverIsLost(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	random := rand.New(rand.NewPCG(7, 7))
	var mu sync.Mutex
	b.company.lost = func() bool {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(3) == 0
	}
	cancelled := map[OrderID]bool{}
	var wg sync.WaitGroup
	for i := range 20 {
		o := OrderID(fmt.Sprint("o", i))
		events := []string{"ordered", "reserved", "ordered"}
		if cancelled[o] = i%2 == 0; cancelled[o] {
			events = append(events, "cancelled")
		}
		mu.Lock()
		random.Shuffle(len(events), func(a, b int) { events[a], events[b] = events[b], events[a] })
		mu.Unlock()
		wg.Go(func() {
			for _, e := range events {
				if err := b.hear(t.Context(), o, e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() { b.labour(t, t.Context()) })
	}
	wg.Wait()
	b.labour(t, t.Context())
	for o, c := range cancelled {
		id := IntentID("pi_" + o)
		kept := b.company.charged[id] - b.company.refunds[id]
		if want := map[bool]int{true: 0, false: 1}[c]; kept != want || b.company.charged[id] > 1 {
			t.Errorf("%s (cancelled: %v): charged %d times, refunded %d times", o, c, b.company.charged[id], b.company.refunds[id])
		}
	}
}

func TestCardNumbersAreRefusedAndNotRepeated(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	for name, c := range map[string]struct{ token, reason string }{
		"card number":             {"4242424242424242", "card_number_refused"},
		"card number with spaces": {"4242 4242 4242 4242", "card_number_refused"},
		"card number in a token":  {"pm_4242424242424242", "card_number_refused"},
		"other token":             {"tok_visa", "invalid_fields"},
		"bare prefix":             {"pm_", "invalid_fields"},
		"script":                  {"pm_<script>", "invalid_fields"},
		"too long":                {"pm_" + strings.Repeat("a", 200), "invalid_fields"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.RegisterCard(t.Context(), alice, "k-"+name, c.token)
			if problem.ReasonOf(err) != c.reason || strings.Contains(err.Error(), c.token) && len(c.token) > 3 {
				t.Errorf("got %v, want reason %s and no token in it", err, c.reason)
			}
		})
	}
}

func TestCardKeysAndOwners(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		again, err := b.RegisterCard(t.Context(), alice, "k", "pm_card_visa")
		if err != nil || again != b.card {
			t.Errorf("the same key: got %s, %v; want %s", again, err, b.card)
		}
		if _, err := b.RegisterCard(t.Context(), alice, "k", "pm_card_other"); problem.ReasonOf(err) != "idempotency_key_reused" {
			t.Errorf("the same key with another card: got %v", err)
		}
		if _, known, err := b.tokenOf(t.Context(), Payment{User: "mallory", Card: b.card}); known || err != nil {
			t.Errorf("somebody else's card: known %v, %v", known, err)
		}
	})
}
