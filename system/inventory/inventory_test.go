package inventory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/api/catalogue"
	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

const (
	lamp = ProductID("lamp")
	desk = ProductID("desk")
)

// told is an outbox that remembers what it was told of committed orders.
type told struct {
	mu   sync.Mutex
	said map[OrderID][]string
}

func (t *told) Reserved(_ context.Context, tx *store.Tx, o OrderID) error {
	return t.note(tx, o, "reserved")
}
func (t *told) Rejected(_ context.Context, tx *store.Tx, o OrderID, p ProductID) error {
	return t.note(tx, o, "rejected "+string(p))
}

func (t *told) note(tx *store.Tx, o OrderID, what string) error {
	tx.AfterCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.said[o] = append(t.said[o], what)
	})
	return nil
}

// shop is an inventory service with 10 lamps and 5 desks.
func shop(t *testing.T, url string) (*Service, *told) {
	t.Helper()
	tel := telemetry.Discard("inventory")
	outbox := &told{said: map[OrderID][]string{}}
	s := &Service{
		tel: tel, db: storetest.Open(t, url, migrations(), events.Migrations()), outbox: outbox, life: time.Minute,
		figures: newFigures(tel), now: time.Now,
	}
	if err := seed(t.Context(), s.db, []catalogue.Product{{ID: string(lamp), Stock: 10}, {ID: string(desk), Stock: 5}}); err != nil {
		t.Fatal(err)
	}
	return s, outbox
}

// step is what one event does.
type step func(ctx context.Context, tx *store.Tx, o OrderID) error

func (s *Service) steps(lines ...Line) map[string]step {
	return map[string]step{
		"created":   func(ctx context.Context, tx *store.Tx, o OrderID) error { return s.Reserve(ctx, tx, o, lines) },
		"confirmed": func(ctx context.Context, tx *store.Tx, o OrderID) error { return s.Commit(ctx, tx, o, lines) },
		"cancelled": func(ctx context.Context, tx *store.Tx, o OrderID) error { return s.Release(ctx, tx, o) },
	}
}

func (s *Service) do(t *testing.T, o OrderID, do step) {
	t.Helper()
	err := s.db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error { return do(ctx, tx, o) })
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Service) wantLamps(t *testing.T, available, reserved, sold int64) {
	t.Helper()
	stocks, err := s.Stocks(t.Context(), []ProductID{lamp, "nothing"})
	if err != nil || len(stocks) != 1 {
		t.Fatalf("got %v, %v; want the lamps alone", stocks, err)
	}
	if got := stocks[0]; got.Available != available || got.Reserved != reserved || got.Sold != sold {
		t.Errorf("lamps: got %d available, %d reserved, %d sold; want %d, %d, %d", got.Available, got.Reserved, got.Sold, available, reserved, sold)
	}
}

func TestWhatEventsDoInAnyOrder(t *testing.T) {
	cases := []struct {
		name                      string
		events                    []string
		available, reserved, sold int64
	}{
		{"created", []string{"created"}, 7, 3, 0},
		{"created twice", []string{"created", "created"}, 7, 3, 0},
		{"confirmed", []string{"created", "confirmed"}, 7, 0, 3},
		{"confirmed twice", []string{"created", "confirmed", "confirmed"}, 7, 0, 3},
		{"cancelled while reserved", []string{"created", "cancelled"}, 10, 0, 0},
		{"cancelled twice", []string{"created", "cancelled", "cancelled"}, 10, 0, 0},
		{"cancelled before it was created", []string{"cancelled", "created"}, 10, 0, 0},
		{"cancelled after the sale", []string{"created", "confirmed", "cancelled"}, 10, 0, 0},
		{"cancellation overtakes confirmation", []string{"created", "cancelled", "confirmed"}, 10, 0, 0},
		{"confirmation overtakes creation", []string{"confirmed", "created"}, 7, 0, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				s, _ := shop(t, url)
				for _, e := range c.events {
					s.do(t, "o1", s.steps(Line{lamp, 3})[e])
				}
				s.wantLamps(t, c.available, c.reserved, c.sold)
			})
		})
	}
}

func TestAllLinesOrNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s, outbox := shop(t, url)
		s.do(t, "o1", s.steps(Line{lamp, 3}, Line{desk, 6})["created"])
		s.wantLamps(t, 10, 0, 0)
		s.do(t, "o2", s.steps(Line{lamp, 3}, Line{"unknown", 1})["created"])
		s.do(t, "o3", s.steps(Line{lamp, 4}, Line{lamp, 6})["created"])
		s.wantLamps(t, 0, 10, 0)
		for o, want := range map[OrderID]string{"o1": "[rejected desk]", "o2": "[rejected unknown]", "o3": "[reserved]"} {
			if got := fmt.Sprint(outbox.said[o]); got != want {
				t.Errorf("%s: the world was told %s, want %s", o, got, want)
			}
		}
	})
}

func TestExpiredReservationIsGivenBackAndAConfirmationTakesItAgainOrComesShort(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s, _ := shop(t, url)
		now := time.Now()
		s.now = func() time.Time { return now }
		s.do(t, "o1", s.steps(Line{lamp, 6})["created"])
		s.do(t, "o2", s.steps(Line{lamp, 4})["created"])
		now = now.Add(s.life + time.Second)
		if err := s.expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.wantLamps(t, 10, 0, 0)
		s.do(t, "o1", s.steps(Line{lamp, 6})["confirmed"])
		s.wantLamps(t, 4, 0, 6)
		s.do(t, "o3", s.steps(Line{lamp, 4})["created"])
		s.do(t, "o2", s.steps(Line{lamp, 4})["confirmed"])
		s.wantLamps(t, 0, 4, 6)
		s.wantState(t, "o2", Short)
		if got := testutil.ToFloat64(s.figures.short); got != 1 {
			t.Errorf("counted %v orders without goods, want 1", got)
		}
	})
}

func (s *Service) wantState(t *testing.T, o OrderID, want State) {
	t.Helper()
	err := s.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		r, _, err := reservation(ctx, tx, o)
		if err == nil && r.State != want {
			err = fmt.Errorf("order %s is %s, want %s", o, r.State, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNothingIsSoldTwiceUnderConcurrency(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s, _ := shop(t, url)
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(worker)))
				for range 25 {
					o := OrderID(fmt.Sprint("o", random.IntN(12)))
					names := []string{"created", "confirmed", "cancelled"}
					do := s.steps(Line{lamp, 2}, Line{desk, 1})[names[random.IntN(3)]]
					err := s.db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error { return do(ctx, tx, o) })
					if err != nil && !problem.CodeOf(err).Outage() {
						t.Errorf("%s: %v", o, err)
					}
				}
			})
		}
		wg.Wait()
		s.wantBalance(t)
	})
}

// wantBalance compares every product's shelves with what the reservations say they must hold.
func (s *Service) wantBalance(t *testing.T) {
	t.Helper()
	held := map[State]int64{}
	err := s.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		for i := range 12 {
			r, known, err := reservation(ctx, tx, OrderID(fmt.Sprint("o", i)))
			if err != nil {
				return err
			}
			if known && r.State != Rejected {
				held[r.State] += 2
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.wantLamps(t, 10-held[Reserved]-held[Committed], held[Reserved], held[Committed])
}

func TestRestockCountsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s, _ := shop(t, url)
		for range 2 {
			stock, err := s.Restock(t.Context(), "k1", "note-1", Line{lamp, 5})
			if err != nil || stock.Available != 15 {
				t.Errorf("got %d available, %v; want 15", stock.Available, err)
			}
		}
		if _, err := s.Restock(t.Context(), "k1", "note-1", Line{lamp, 6}); problem.ReasonOf(err) != "idempotency_key_reused" {
			t.Errorf("the key of another restock: got %v", err)
		}
		if _, err := s.Restock(t.Context(), strings.Repeat("k", 201), "note-1", Line{lamp, 5}); problem.CodeOf(err) != problem.Invalid {
			t.Errorf("a key that is too long: got %v", err)
		}
		if _, err := s.Restock(t.Context(), "k2", "note-2", Line{"nothing", 5}); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("unknown product: got %v", err)
		}
		if _, err := s.Restock(t.Context(), "another key", "note-1", Line{lamp, 5}); problem.ReasonOf(err) != "delivery_received" {
			t.Errorf("the same delivery under another key: got %v", err)
		}
		for _, note := range []string{"", strings.Repeat("n", longestNote+1)} {
			if _, err := s.Restock(t.Context(), "k4", note, Line{lamp, 5}); problem.CodeOf(err) != problem.Invalid {
				t.Errorf("delivery note %q: got %v, want invalid", note, err)
			}
		}
		if stock, err := s.Restock(t.Context(), "k5", "note-2", Line{lamp, 5}); err != nil || stock.Available != 20 {
			t.Errorf("the next delivery: got %d available, %v; want 20", stock.Available, err)
		}
		for _, n := range []int64{0, -1, mostPieces + 1} {
			if _, err := s.Restock(t.Context(), "k3", "note-3", Line{lamp, n}); problem.CodeOf(err) != problem.Invalid {
				t.Errorf("quantity %d: got %v, want invalid", n, err)
			}
		}
	})
}

func TestLinesThatMakeNoSenseAreTheEventsOwnFault(t *testing.T) {
	for name, lines := range map[string][]Line{"none": {}, "zero": {{lamp, 0}}, "negative": {{lamp, -1}}, "nameless": {{"", 1}}} {
		if _, err := merge(lines); problem.CodeOf(err) != problem.Invalid || problem.CodeOf(err).Outage() {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
	if _, err := merge([]Line{{lamp, 1}}); errors.Is(err, tooLittle{}) || err != nil {
		t.Errorf("one lamp: got %v", err)
	}
}
