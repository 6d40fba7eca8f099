package order

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

const alice = UserID("alice")

// shelf is a cart and a price list.
type shelf struct {
	mu     sync.Mutex
	cart   Cart
	prices map[string]money.Money
	err    error
}

func (s *shelf) Cart(context.Context) (Cart, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cart, s.err
}

func (s *shelf) Prices(_ context.Context, ids []string) (map[string]money.Money, error) {
	found := map[string]money.Money{}
	for _, id := range ids {
		if p, ok := s.prices[id]; ok {
			found[id] = p
		}
	}
	return found, nil
}

// told is an outbox that remembers what it was told in transactions that committed.
type told struct {
	mu   sync.Mutex
	said []string
}

func (t *told) Created(_ context.Context, tx *store.Tx, o Order) error {
	return t.note(tx, o, "created")
}
func (t *told) Confirmed(_ context.Context, tx *store.Tx, o Order) error {
	return t.note(tx, o, "confirmed")
}
func (t *told) Cancelled(_ context.Context, tx *store.Tx, o Order) error {
	return t.note(tx, o, "cancelled "+string(o.Reason))
}

func (t *told) note(tx *store.Tx, o Order, what string) error {
	tx.AfterCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.said = append(t.said, what)
	})
	return nil
}

type bench struct {
	*Service
	shelf *shelf
	told  *told
}

func newBench(t *testing.T, url string) *bench {
	t.Helper()
	tel := telemetry.Discard("order")
	b := &bench{
		shelf: &shelf{
			cart:   Cart{Version: 4, Items: []Item{lamps(4)}},
			prices: map[string]money.Money{"lamp": money.Of(1299, "EUR")},
		},
		told: &told{},
	}
	b.Service = &Service{
		tel: tel, db: storetest.Open(t, url, migrations(), events.Migrations()), carts: b.shelf, prices: b.shelf, outbox: b.told,
		watchers: newWatchers(), figures: newFigures(tel), patience: time.Minute, now: time.Now,
	}
	return b
}

// lamps is the line of a cart that was set in this version of it.
func lamps(version int64) Item {
	return Item{ProductID: "lamp", Title: "Lamp", Quantity: 2, UnitPrice: money.Of(1299, "EUR"), LineVersion: version}
}

func request(key string) Request { return requestOf(key, 4) }

func requestOf(key string, version int64) Request {
	return Request{
		User: alice, Key: key, CartVersion: version, ExpectedTotal: money.Of(2598, "EUR"), CardRef: "card_1",
		Address: Address{Name: "A", Street: "S 1", Postcode: "1", City: "B", Country: "DE"},
	}
}

func (b *bench) create(t *testing.T, key string) Order {
	t.Helper()
	o, err := b.Create(t.Context(), request(key))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// next puts the lamps into the cart again, and orders them.
func (b *bench) next(t *testing.T, key string) Order {
	t.Helper()
	b.shelf.mu.Lock()
	b.shelf.cart.Version++
	b.shelf.cart.Items = []Item{lamps(b.shelf.cart.Version)}
	r := requestOf(key, b.shelf.cart.Version)
	b.shelf.mu.Unlock()
	o, err := b.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// hear decides on an answer, as the consumer does.
func (b *bench) hear(t *testing.T, id ID, causes ...cause) {
	t.Helper()
	for _, c := range causes {
		err := b.db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error { return b.decide(ctx, tx, id, c) })
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatAnswersLeadToInAnyOrder(t *testing.T) {
	for name, c := range map[string]struct {
		causes []cause
		state  State
		said   string
	}{
		"paid":                              {[]cause{causePaid}, Confirmed, "created,confirmed"},
		"paid twice":                        {[]cause{causePaid, causePaid}, Confirmed, "created,confirmed"},
		"paid and dispatched":               {[]cause{causePaid, causeDispatched}, Shipped, "created,confirmed"},
		"out of stock":                      {[]cause{causeOutOfStock}, Cancelled, "created,cancelled out_of_stock"},
		"declined":                          {[]cause{causeDeclined}, Cancelled, "created,cancelled payment_declined"},
		"paid after the deadline":           {[]cause{causeDeadline, causePaid}, Cancelled, "created,cancelled deadline"},
		"deadline after the payment":        {[]cause{causePaid, causeDeadline}, Confirmed, "created,confirmed"},
		"carrier refuses after the payment": {[]cause{causePaid, causeShipmentFailed}, Cancelled, "created,confirmed,cancelled shipment_failed"},
		"cancelled twice":                   {[]cause{causeCustomer, causeDeclined}, Cancelled, "created,cancelled customer"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				b := newBench(t, url)
				o := b.create(t, "k")
				b.hear(t, o.ID, c.causes...)
				got, err := b.Get(t.Context(), alice, o.ID)
				if err != nil || got.State != c.state {
					t.Errorf("got %s, %v; want %s", got.State, err, c.state)
				}
				if got := strings.Join(b.told.said, ","); got != c.said {
					t.Errorf("said %q, want %q", got, c.said)
				}
			})
		})
	}
}

func TestOneKeyGivesOneOrderUnderConcurrency(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		ids := make([]ID, 16)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				o, err := b.Create(t.Context(), request("k"))
				if err != nil {
					t.Error(err)
				}
				ids[i] = o.ID
			})
		}
		wg.Wait()
		if slices.Sort(ids); ids[0] == "" || ids[0] != ids[len(ids)-1] {
			t.Errorf("one key gave several orders: %v", ids)
		}
		if got := fmt.Sprint(b.told.said); got != "[created]" {
			t.Errorf("said %s, want [created]", got)
		}
	})
}

func TestARepeatIsAnsweredWhateverBecameOfTheCart(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	first := b.create(t, "k")
	b.shelf.cart = Cart{Version: 5}
	if again := b.create(t, "k"); again.ID != first.ID {
		t.Errorf("got order %s, want %s", again.ID, first.ID)
	}
}

func TestWhatIsNotWhatTheCustomerSawIsRefused(t *testing.T) {
	for reason, spoil := range map[string]func(*bench, *Request){
		"cart_empty":             func(b *bench, _ *Request) { b.shelf.cart.Items = nil },
		"cart_changed":           func(_ *bench, r *Request) { r.CartVersion = 3 },
		"price_changed":          func(b *bench, _ *Request) { b.shelf.prices["lamp"] = money.Of(1399, "EUR") },
		"product_gone":           func(b *bench, _ *Request) { delete(b.shelf.prices, "lamp") },
		"total_changed":          func(_ *bench, r *Request) { r.ExpectedTotal = money.Of(2597, "EUR") },
		"total_out_of_range":     func(b *bench, _ *Request) { b.shelf.cart.Items[0].Quantity = 1 << 60 },
		"idempotency_key_reused": func(_ *bench, r *Request) { r.Key = "used" },
		"invalid_fields":         func(_ *bench, r *Request) { r.Address.Country = "Germany" },
	} {
		t.Run(reason, func(t *testing.T) {
			b := newBench(t, storetest.SQLite(t))
			used := request("used")
			used.CardRef = "card_2"
			if _, err := b.Create(t.Context(), used); err != nil {
				t.Fatal(err)
			}
			b.shelf.cart = Cart{Version: 5, Items: []Item{lamps(5)}}
			r := requestOf("new", 5)
			spoil(b, &r)
			if _, err := b.Create(t.Context(), r); problem.ReasonOf(err) != reason {
				t.Errorf("got %v, want %s", err, reason)
			}
			if got := fmt.Sprint(b.told.said); got != "[created]" {
				t.Errorf("said %s: a refused order leaves no event", got)
			}
		})
	}
}

func TestACartIsOrderedOnceWhateverTheKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		ids := make([]ID, 16)
		var mu sync.Mutex
		refused := map[string]int{}
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				o, err := b.Create(t.Context(), request(fmt.Sprint("k", i)))
				ids[i] = o.ID
				if p, ok := errors.AsType[*problem.Error](err); ok {
					mu.Lock()
					refused[p.Reason+" "+p.Resource]++
					mu.Unlock()
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		made := slices.DeleteFunc(ids, func(id ID) bool { return id == "" })
		if len(made) != 1 {
			t.Fatalf("one cart gave the orders %v, want one", made)
		}
		if want := "cart_ordered /v1/orders/" + string(made[0]); refused[want] != 15 || len(refused) != 1 {
			t.Errorf("the others were refused with %v, want all 15 with %s", refused, want)
		}
		if got := fmt.Sprint(b.told.said); got != "[created]" {
			t.Errorf("said %s, want [created]", got)
		}
	})
}

func TestAnOrderedLineIsNotOrderedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		first := b.create(t, "k1")
		b.shelf.prices["rug"] = money.Of(1, "EUR")
		rug := Item{ProductID: "rug", Quantity: 1, UnitPrice: money.Of(1, "EUR"), LineVersion: 5}
		again := func(key string, version int64, total int64, items ...Item) (Order, error) {
			b.shelf.cart = Cart{Version: version, Items: items}
			r := requestOf(key, version)
			r.ExpectedTotal = money.Of(total, "EUR")
			return b.Create(t.Context(), r)
		}
		refused := func(what string, err error) {
			t.Helper()
			if p, ok := errors.AsType[*problem.Error](err); !ok || p.Reason != "cart_ordered" || p.Resource != "/v1/orders/"+string(first.ID) {
				t.Errorf("%s: got %v, want cart_ordered by order %s", what, err, first.ID)
			}
		}
		_, err := again("k2", 5, 2599, lamps(4), rug)
		refused("a rug was added, and the ordered lamps are still there", err)
		b.shelf.cart = Cart{Version: 6}
		_, err = b.Create(t.Context(), request("k3"))
		refused("the cart was emptied after its order", err)
		if _, err := b.Cancel(t.Context(), alice, first.ID); err != nil {
			t.Fatal(err)
		}
		_, err = again("k4", 4, 2598, lamps(4))
		refused("the order was cancelled, and the cart not confirmed", err)
		if _, err := again("k5", 7, 2599, lamps(7), rug); err != nil {
			t.Errorf("the lamps were put in again: %v", err)
		}
	})
}

// A database of before the rule may hold several orders of one cart: they stay, and the first is the one that has the cart.
func TestOrdersOfOneCartFromBeforeTheRuleAreKeptAndNamed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		first, err := fs.ReadFile(migrations().Files, "0001_orders.sql")
		if err != nil {
			t.Fatal(err)
		}
		db := storetest.Open(t, url, store.Migrations{Name: migrations().Name, Files: fstest.MapFS{"0001_orders.sql": {Data: first}}})
		for _, o := range []struct{ id, user string }{{"o1", "alice"}, {"o2", "alice"}, {"o3", "alice"}, {"o4", "bob"}} {
			err := db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO orders (id, user_id, idempotency_key, digest, state, reason, items, total_minor, currency, address, card_ref, cart_version, created_us, updated_us, deadline_us)
					VALUES ($1, $2, $1, '', 'shipped', '', '[]', 1, 'EUR', '{}', '', 4, 1, 1, 1)`, o.id, o.user)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		b := newBench(t, url)
		of := map[string]string{}
		err = b.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
			rows, err := tx.Query(ctx, `SELECT id, duplicate_of FROM orders`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id, first string
				if err := rows.Scan(&id, &first); err != nil {
					return err
				}
				of[id] = first
			}
			return rows.Err()
		})
		if want := map[string]string{"o1": "", "o2": "o1", "o3": "o1", "o4": ""}; err != nil || !maps.Equal(of, want) {
			t.Errorf("duplicates: got %v (%v), want %v", of, err, want)
		}
		_, err = b.Create(t.Context(), request("k"))
		if p, ok := errors.AsType[*problem.Error](err); !ok || p.Resource != "/v1/orders/o1" {
			t.Errorf("one more order of the cart: got %v, want cart_ordered by o1", err)
		}
	})
}

func TestNobodySeesOrCancelsAnothersOrder(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	o := b.create(t, "k")
	if _, err := b.Get(t.Context(), "mallory", o.ID); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("get: got %v, want not found", err)
	}
	if _, err := b.Cancel(t.Context(), "mallory", o.ID); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("cancel: got %v, want not found", err)
	}
	if err := b.Watch(t.Context(), "mallory", o.ID, func(Order) error { return nil }); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("watch: got %v, want not found", err)
	}
	if orders, err := b.List(t.Context(), "mallory", nil, 10); len(orders) != 0 || err != nil {
		t.Errorf("list: got %v, %v", orders, err)
	}
}

func TestCustomersCancelUntilTheOrderIsConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		o := b.create(t, "k")
		for range 2 {
			if got, err := b.Cancel(t.Context(), alice, o.ID); err != nil || got.State != Cancelled {
				t.Errorf("pending: got %s, %v", got.State, err)
			}
		}
		late := b.next(t, "k2")
		b.hear(t, late.ID, causePaid)
		if _, err := b.Cancel(t.Context(), alice, late.ID); problem.ReasonOf(err) != "order_not_cancellable" {
			t.Errorf("confirmed: got %v", err)
		}
	})
}

func TestOverduePendingOrdersAreGivenUpAndOthersNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		now := time.Now()
		b.now = func() time.Time { return now }
		overdue, paid := b.create(t, "k1"), b.next(t, "k2")
		b.hear(t, paid.ID, causePaid)
		now = now.Add(b.patience / 2)
		fresh := b.next(t, "k3")
		now = now.Add(b.patience/2 + time.Second)
		b.expireOnce(t.Context())
		for id, want := range map[ID]State{overdue.ID: Cancelled, paid.ID: Confirmed, fresh.ID: Pending} {
			if got, err := b.Get(t.Context(), alice, id); err != nil || got.State != want {
				t.Errorf("got %s (%s), %v; want %s", got.State, got.Reason, err, want)
			}
		}
	})
}

func TestPagesListEveryOrderOnceNewestFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		at := time.Now().Truncate(time.Microsecond)
		b.now = func() time.Time { return at } // orders of one moment are told apart by their ids
		want := map[ID]bool{}
		for i := range 7 {
			want[b.next(t, fmt.Sprint("k", i)).ID] = true
		}
		var after *position
		var got []Order
		for {
			page, err := b.List(t.Context(), alice, after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			last := page[len(page)-1]
			if after, err = parsePosition(last.position()); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range got {
			delete(want, o.ID)
		}
		if len(got) != 7 || len(want) != 0 {
			t.Errorf("got %d orders, missed %d", len(got), len(want))
		}
		if !slices.IsSortedFunc(got, func(a, b Order) int { return strings.Compare(string(b.ID), string(a.ID)) }) {
			t.Error("not the newest first")
		}
	})
}

func TestWatchersSeeEachStateAndTheEnd(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	o := b.create(t, "k")
	seen, done := make(chan State, 10), make(chan error, 1)
	go func() {
		done <- b.Watch(t.Context(), alice, o.ID, func(o Order) error { seen <- o.State; return nil })
	}()
	for _, step := range []struct {
		want State
		next cause
	}{{Pending, causePaid}, {Confirmed, causeDispatched}, {Shipped, ""}} {
		if got := <-seen; got != step.want {
			t.Fatalf("saw %s, want %s", got, step.want)
		}
		if step.next != "" {
			b.hear(t, o.ID, step.next)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := len(b.watchers.of); n != 0 {
		t.Errorf("%d watchers are left", n)
	}
}
