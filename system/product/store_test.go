package product

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

func euros(minor int64) money.Money { return money.Of(minor, "EUR") }

// noneElse is what a reader without a second choice says.
func noneElse(_ context.Context, err error) (Product, error) { return Product{}, err }

// stocked gives documents that hold the first n goods of the catalogue.
func stocked(t *testing.T, at string, n int) (*documents, []Product) {
	t.Helper()
	d := connected(t, at, patientPolicy(t))
	t.Cleanup(func() {
		if err := d.database.Drop(context.Background()); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	products := absent(nil)[:n]
	if err := d.Add(t.Context(), products); err != nil {
		t.Fatal(err)
	}
	return d, products
}

func TestWhatIsAddedIsReadBack(t *testing.T) {
	each(t, func(t *testing.T, at string) {
		d, products := stocked(t, at, 3)
		got, err := d.Product(t.Context(), products[1].ID, noneElse)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", products[1]); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		some, err := d.Products(t.Context(), []ID{products[2].ID, "no-such-thing", products[0].ID})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(some), 2; got != want {
			t.Errorf("products among the ids: got %d, want %d", got, want)
		}
	})
}

func TestUnknownProductIsNotFoundAndNoOutage(t *testing.T) {
	each(t, func(t *testing.T, at string) {
		d, _ := stocked(t, at, 1)
		_, err := d.Product(t.Context(), "no-such-thing", func(context.Context, error) (Product, error) {
			t.Error("the second choice was asked though the documents answered")
			return Product{}, nil
		})
		if err := want(problem.NotFound, err); err != nil {
			t.Error(err)
		}
	})
}

func TestAddingTwiceKeepsWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, at string) {
		d, products := stocked(t, at, 3)
		if _, err := d.ChangePrice(t.Context(), products[0].ID, euros(777), time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := d.Add(t.Context(), absent(nil)[:5]); err != nil {
			t.Fatalf("add again: %v", err)
		}
		all, err := d.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(all), 5; got != want {
			t.Errorf("products: got %d, want %d", got, want)
		}
		for _, p := range all {
			if p.ID == products[0].ID && p.Price != euros(777) {
				t.Errorf("the changed price: got %s, want 7.77 EUR", p.Price)
			}
		}
	})
}

func TestChangedPriceIsAnnouncedAndLater(t *testing.T) {
	each(t, func(t *testing.T, at string) {
		d, products := stocked(t, at, 1)
		before, err := d.Changes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		behind := products[0].Updated.Add(-time.Hour) // this instance's clock
		p, err := d.ChangePrice(t.Context(), products[0].ID, euros(4200), behind)
		if err != nil {
			t.Fatal(err)
		}
		if !p.Updated.After(products[0].Updated) {
			t.Errorf("changed at %v: want later than %v", p.Updated, products[0].Updated)
		}
		after, err := d.Changes(t.Context())
		if err != nil || after == before {
			t.Errorf("announcements: got %d after %d (%v), want another number", after, before, err)
		}
		changed, err := d.ChangedSince(t.Context(), p.Updated)
		if err != nil || len(changed) != 1 || changed[0].Price != euros(4200) {
			t.Errorf("changed since: got %v, %v, want the one product at 42.00 EUR", changed, err)
		}
		again, err := d.ChangePrice(t.Context(), products[0].ID, euros(4200), time.Now())
		if err != nil || !again.Updated.Equal(p.Updated) {
			t.Errorf("the same price again: got a change at %v (%v), want none", again.Updated, err)
		}
	})
}

func TestConcurrentPriceChangesLeaveOneOfThem(t *testing.T) {
	each(t, func(t *testing.T, at string) {
		d, products := stocked(t, at, 1)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := d.ChangePrice(t.Context(), products[0].ID, euros(int64(1000+i)), time.Now())
				if err != nil && problem.CodeOf(err) != problem.Conflict {
					t.Errorf("change price: %v", err)
				}
			})
		}
		wg.Wait()
		last, err := d.Product(t.Context(), products[0].ID, noneElse)
		if err != nil {
			t.Fatal(err)
		}
		if got := last.Price.Minor; got < 1000 || got > 1007 {
			t.Errorf("price that holds: got %s, want one of the eight", last.Price)
		}
	})
}

func TestOneAttemptIsOneRequestOnTheWire(t *testing.T) {
	var finds atomic.Int64
	g := newGate(t, serveDocuments(t), func(piece []byte) bool {
		if bytes.Contains(piece, []byte("\x02find\x00")) {
			finds.Add(1)
			return false
		}
		return true
	})
	once := patientPolicy(t)
	once.Attempts = 1
	d := connected(t, g.address, once)
	_, err := d.All(t.Context())
	if err := want(problem.Unavailable, err); err != nil {
		t.Error(err)
	}
	if got, want := finds.Load(), int64(1); got != want {
		t.Errorf("requests on the wire: got %d, want %d", got, want)
	}
}

func TestSilentServerIsATimeout(t *testing.T) {
	var held atomic.Bool
	released := make(chan struct{})
	g := newGate(t, serveDocuments(t), func([]byte) bool {
		if held.Load() {
			<-released
		}
		return true
	})
	defer close(released)
	short := patientPolicy(t)
	short.Attempts, short.AttemptTimeout = 1, 100*time.Millisecond
	d := connected(t, g.address, short)
	held.Store(true)
	_, err := d.All(t.Context())
	if err := want(problem.Timeout, err); err != nil {
		t.Error(err)
	}
}

func TestWrongURLNamesTheSettingAndNotThePassword(t *testing.T) {
	tel := telemetry.Discard("product")
	link, err := resilience.New(tel, "product", "documents", patientPolicy(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []boot.Secret{"mongodb://shop:hunter2@host:27017", "postgres://shop:hunter2@host/product", "hunter2"} {
		_, err := connect(tel, link, url)
		if !errors.Is(err, boot.ErrUsage) || !strings.Contains(err.Error(), "DOCUMENTS_URL") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want a usage error that names DOCUMENTS_URL and keeps the password", err)
		}
	}
}
