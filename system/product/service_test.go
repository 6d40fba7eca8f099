package product

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stormglass/internal/await"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"

	productv1 "stormglass/system/api/product/v1"
)

// instance is one running product service without its server.
type instance struct {
	*Service
	copies *refresher
}

func start(t *testing.T, address string, policy resilience.Policy) *instance {
	t.Helper()
	tel := telemetry.Discard("product")
	d := connected(t, address, policy)
	x, err := newIndex()
	if err != nil {
		t.Fatal(err)
	}
	copies := &refresher{tel: tel, source: d, index: x, now: time.Now}
	if err := copies.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- copies.follow(ctx, 20*time.Millisecond) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-done, x.close()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return &instance{&Service{tel: tel, keeper: d, index: x, age: copies.age, patience: 300 * time.Millisecond, now: time.Now}, copies}
}

func TestFirstInstanceSeedsAndTheSecondFindsIt(t *testing.T) {
	address := serveDocuments(t)
	first, second := start(t, address, patientPolicy(t)), start(t, address, patientPolicy(t))
	if a, b := len(first.index.all()), len(second.index.all()); a != b || a < 500 {
		t.Errorf("products: got %d and %d, want the same, at least 500", a, b)
	}
}

func TestInstancesThatStartTogetherSeedOnce(t *testing.T) {
	address := serveDocuments(t)
	a, b := connected(t, address, patientPolicy(t)), connected(t, address, patientPolicy(t))
	results := make(chan error, 2)
	for _, d := range []*documents{a, b} {
		x, err := newIndex()
		if err != nil {
			t.Fatal(err)
		}
		r := &refresher{tel: telemetry.Discard("product"), source: d, index: x, now: time.Now}
		go func() { results <- errors.Join(r.begin(t.Context()), x.close()) }()
	}
	if err := errors.Join(<-results, <-results); err != nil {
		t.Fatal(err)
	}
	all, err := a.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(all), len(absent(nil)); got != want {
		t.Errorf("products: got %d, want %d", got, want)
	}
}

func TestPriceChangeReachesOwnSearchAtOnceAndOthersSoon(t *testing.T) {
	address := serveDocuments(t)
	here, there := start(t, address, patientPolicy(t)), start(t, address, patientPolicy(t))
	id := here.index.all()[0].ID
	if _, err := here.ChangePrice(t.Context(), id, euros(999_00)); err != nil {
		t.Fatal(err)
	}
	priced := func(s *instance) error {
		r, err := s.Search(t.Context(), Query{MinPrice: 999_00, MaxPrice: 999_00})
		if err != nil || r.Total != 1 || r.Products[0].ID != id {
			return fmt.Errorf("got %d products at 999.00 (%v), want %s", r.Total, err, id)
		}
		return nil
	}
	if err := priced(here); err != nil {
		t.Errorf("own instance: %v", err)
	}
	await.NoError(t, func() error { return priced(there) })
}

func TestOutageOfDocumentsLeavesSearchAndPagesButNoOldPrices(t *testing.T) {
	g := newGate(t, serveDocuments(t), nil)
	s := start(t, g.address, patientPolicy(t))
	id := s.index.all()[0].ID
	g.close()
	await.NoError(t, func() error { // until the copies are too old to be paid by
		_, err := s.Products(t.Context(), []ID{id})
		return want(problem.Unavailable, err)
	})
	if _, err := s.Product(t.Context(), id); err != nil {
		t.Errorf("product page: %v", err)
	}
	if r, err := s.Search(t.Context(), Query{Text: "lamp"}); err != nil || r.Total == 0 {
		t.Errorf("search: got %d, %v, want results", r.Total, err)
	}
	if err := want(problem.Unavailable, second(s.Product(t.Context(), "not-known-here"))); err != nil {
		t.Errorf("product without a copy: %v", err)
	}
	if err := want(problem.Unavailable, second(s.ChangePrice(t.Context(), id, euros(5)))); err != nil {
		t.Errorf("price change: %v", err)
	}
	g.open()
	await.NoError(t, func() error { return second(s.Products(t.Context(), []ID{id})) })
}

func TestFreshCopiesSpareTheDocuments(t *testing.T) {
	x := fullIndex(t)
	var age time.Duration
	k := &countingKeeper{}
	s := &Service{tel: telemetry.Discard("product"), keeper: k, index: x, age: func() time.Duration { return age }, patience: time.Second, now: time.Now}
	id := x.all()[0].ID
	for _, tt := range []struct {
		age  time.Duration
		asks int64
	}{{time.Second, 0}, {time.Second + 1, 2}} {
		age = tt.age
		k.asked.Store(0)
		_, err1 := s.Product(t.Context(), id)
		_, err2 := s.Products(t.Context(), []ID{id, id})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if got := k.asked.Load(); got != tt.asks {
			t.Errorf("copies %v old: asked the documents %d times, want %d", tt.age, got, tt.asks)
		}
	}
}

type countingKeeper struct{ asked atomic.Int64 }

func (k *countingKeeper) Product(context.Context, ID, func(context.Context, error) (Product, error)) (Product, error) {
	k.asked.Add(1)
	return Product{}, nil
}

func (k *countingKeeper) Products(_ context.Context, ids []ID) ([]Product, error) {
	k.asked.Add(int64(len(ids)))
	return nil, nil
}

func (k *countingKeeper) ChangePrice(context.Context, ID, money.Money, time.Time) (Product, error) {
	return Product{}, nil
}

// slowWriter is a source in which a change comes a while after its announcement.
type slowWriter struct {
	changes  int64
	products []Product
	reads    int
}

func (s *slowWriter) All(context.Context) ([]Product, error) { return s.products, nil }
func (s *slowWriter) Add(_ context.Context, p []Product) error {
	s.products = append(s.products, p...)
	return nil
}
func (s *slowWriter) Changes(context.Context) (int64, error) { return s.changes, nil }
func (s *slowWriter) ChangedSince(_ context.Context, since time.Time) (changed []Product, _ error) {
	s.reads++
	for _, p := range s.products {
		if !p.Updated.Before(since) {
			changed = append(changed, p)
		}
	}
	return changed, nil
}

func TestChangeThatComesAfterItsAnnouncementIsSeen(t *testing.T) {
	now := time.UnixMicro(1_000_000_000)
	src := &slowWriter{}
	x, err := newIndex()
	if err != nil {
		t.Fatal(err)
	}
	defer x.close()
	r := &refresher{tel: telemetry.Discard("product"), source: src, index: x, now: func() time.Time { return now }}
	if err := r.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	pass := func(d time.Duration) {
		now = now.Add(d)
		if err := r.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	pass(time.Minute)
	src.changes++
	pass(time.Second) // announced, not yet made
	src.products[3].Price, src.products[3].Updated = euros(321), now
	pass(settle - time.Millisecond)
	if got, _ := x.copy(src.products[3].ID); got.Price != euros(321) {
		t.Errorf("price: got %s, want 3.21 EUR", got.Price)
	}
	pass(time.Minute)
	before := src.reads
	pass(time.Minute)
	if src.reads != before {
		t.Error("the source was searched though nothing was announced")
	}
}

func TestOnlyStaffChangesPrices(t *testing.T) {
	d, products := stocked(t, serveDocuments(t), 1)
	x := fullIndex(t)
	srv := &server{service: &Service{tel: telemetry.Discard("product"), keeper: d, index: x, age: func() time.Duration { return 0 }, now: time.Now}}
	request := &productv1.ChangePriceRequest{ProductId: string(products[0].ID), Price: wire(Product{Price: euros(100)}).GetPrice()}
	customer := auth.With(t.Context(), auth.Identity{UserID: "u"})
	clerk := auth.With(t.Context(), auth.Identity{UserID: "s", Roles: []string{"staff"}})
	for _, tt := range []struct {
		who  string
		ctx  context.Context
		code problem.Code
	}{{"nobody", t.Context(), problem.Unauthenticated}, {"a customer", customer, problem.Denied}, {"staff", clerk, problem.OK}} {
		if err := want(tt.code, second(srv.ChangePrice(tt.ctx, request))); err != nil {
			t.Errorf("%s: %v", tt.who, err)
		}
	}
}

func TestBadRequestsNameTheFieldAndNotTheValue(t *testing.T) {
	s := &Service{tel: telemetry.Discard("product"), index: fullIndex(t), age: func() time.Duration { return 0 }}
	tests := []struct {
		field string
		err   error
	}{
		{"text", second(s.Search(t.Context(), Query{Text: strings.Repeat("4242", 60)}))},
		{"text", second(s.Search(t.Context(), Query{Text: strings.Repeat("w ", mostWords+1)}))},
		{"min_price", second(s.Search(t.Context(), Query{MinPrice: -4242}))},
		{"max_price", second(s.Search(t.Context(), Query{MinPrice: 4243, MaxPrice: 4242}))},
		{"page", second(s.Search(t.Context(), Query{Page: -1}))},
		{"page", second(s.Search(t.Context(), Query{Page: 424242}))},
		{"page", second(s.Search(t.Context(), Query{Page: deepest, Size: 2}))},
		{"page_size", second(s.Search(t.Context(), Query{Size: largestPage + 1}))},
		{"sort", second(s.Search(t.Context(), Query{Order: 42}))},
		{"category", second(s.Search(t.Context(), Query{Categories: make([]string, mostFilters+1)}))},
		{"price.minor", second(s.ChangePrice(t.Context(), "x", euros(0)))},
		{"price.minor", second(s.ChangePrice(t.Context(), "x", euros(highestPrice+1)))},
		{"price.currency", second(s.ChangePrice(t.Context(), "x", money.Of(4242, "USD")))},
		{"ids", second(s.Products(t.Context(), make([]ID, mostIDs+1)))},
	}
	for _, tt := range tests {
		p := problem.As(tt.err)
		if p.Code != problem.Invalid || len(p.Fields) != 1 || p.Fields[0].Name != tt.field || strings.Contains(p.Error(), "4242") {
			t.Errorf("got %v, want one invalid field %s and not its value", tt.err, tt.field)
		}
	}
}

func second[T any](_ T, err error) error { return err }
