package carrier_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/system/standins/carrier"
)

// never is a dispatch that no test waits for.
const never = time.Hour

func open(t *testing.T, path string) *carrier.Book {
	t.Helper()
	b, err := carrier.Open(path)
	if err != nil {
		t.Fatalf("open book: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close book: %v", err)
		}
	})
	return b
}

func ask(t *testing.T, h http.Handler, method, path, key, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

type parcel struct {
	ID             string
	TrackingNumber string `json:"tracking_number"`
	OrderID        string `json:"order_id"`
	State          string
}

func parcelOf(t *testing.T, w *httptest.ResponseRecorder) parcel {
	t.Helper()
	var p parcel
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("decode parcel %s: %v", w.Body, err)
	}
	return p
}

const booking = `{"order_id":"o-1","address":{"name":"Ada","street":"Main 1","postcode":"10115","city":"Berlin","country":"DE"}}`

func TestAParcelIsBookedOnceForItsKey(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "book")).Routes(never)
	first := ask(t, h, "POST", "/v1/parcels", "k1", booking)
	again := ask(t, h, "POST", "/v1/parcels", "k1", booking)
	other := ask(t, h, "POST", "/v1/parcels", "k2", booking)
	if first.Code != 201 || again.Code != 201 || other.Code != 201 {
		t.Fatalf("got statuses %d, %d, %d, want 201", first.Code, again.Code, other.Code)
	}
	p := parcelOf(t, first)
	if p.OrderID != "o-1" || p.State != "booked" || p.TrackingNumber == "" {
		t.Errorf("got parcel %+v", p)
	}
	if got := parcelOf(t, again); got != p || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("under the same key: got %+v, want %+v and a word that it is the same", got, p)
	}
	if got := parcelOf(t, other); got.ID == p.ID {
		t.Error("another key got the same parcel")
	}
}

func TestAParcelIsDispatchedAfterAWhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	b := open(t, path)
	id := parcelOf(t, ask(t, b.Routes(never), "POST", "/v1/parcels", "k1", booking)).ID
	for after, want := range map[time.Duration]string{never: "booked", 0: "dispatched"} {
		w := ask(t, open(t, path).Routes(after), "GET", "/v1/parcels/"+id, "", "")
		if got := parcelOf(t, w); got.State != want || got.ID != id {
			t.Errorf("dispatched after %s: got %+v, want state %s", after, got, want)
		}
	}
}

func TestNobodyDeliversToAntarctica(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "book")).Routes(never)
	far := strings.Replace(booking, `"DE"`, `"AQ"`, 1)
	for range 2 {
		if w := ask(t, h, "POST", "/v1/parcels", "k1", far); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "country_not_served") {
			t.Errorf("got %d %s, want 422 country_not_served", w.Code, w.Body)
		}
	}
	if got := ask(t, h, "GET", "/books", "", "").Body.String(); !strings.Contains(got, `"refused":2`) {
		t.Errorf("got books %s, want two refusals", got)
	}
}

func TestWrongBookingsAreRefused(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "book")).Routes(never)
	ask(t, h, "POST", "/v1/parcels", "used", booking)
	for name, c := range map[string]struct {
		key, body string
		status    int
		says      string
	}{
		"no key":        {"", booking, 400, "idempotency_key_missing"},
		"long key":      {strings.Repeat("k", 256), booking, 400, "idempotency_key_missing"},
		"no JSON":       {"k", "parcel", 400, "invalid_json"},
		"no order":      {"k", strings.Replace(booking, "o-1", "", 1), 400, "order_id"},
		"no street":     {"k", strings.Replace(booking, "Main 1", " ", 1), 400, "address.street"},
		"no country":    {"k", strings.Replace(booking, "DE", "Germany", 1), 400, "address.country"},
		"key used else": {"used", strings.Replace(booking, "o-1", "o-2", 1), 409, "idempotency_key_reused"},
	} {
		if w := ask(t, h, "POST", "/v1/parcels", c.key, c.body); w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: got %d %s, want %d with %s", name, w.Code, w.Body, c.status, c.says)
		}
	}
	if w := ask(t, h, "GET", "/v1/parcels/nobody", "", ""); w.Code != http.StatusNotFound {
		t.Errorf("unknown parcel: got %d, want 404", w.Code)
	}
}

func TestABookSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	before := open(t, path).Routes(0)
	first := parcelOf(t, ask(t, before, "POST", "/v1/parcels", "k1", booking))
	ask(t, before, "POST", "/v1/parcels", "k2", booking)
	want := ask(t, before, "GET", "/books", "", "").Body.String()
	after := open(t, path).Routes(0) // the first one was never closed
	if got := ask(t, after, "GET", "/books", "", "").Body.String(); got != want {
		t.Errorf("got books %s\nwant %s", got, want)
	}
	if got := parcelOf(t, ask(t, after, "POST", "/v1/parcels", "k1", booking)); got.ID != first.ID {
		t.Errorf("the key got parcel %s after the restart, want %s", got.ID, first.ID)
	}
}

func TestManyAtOnceUnderOneKeyBookOneParcel(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "book")).Routes(never)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { ask(t, h, "POST", "/v1/parcels", "k1", booking) })
	}
	wg.Wait()
	var books struct{ Parcels []parcel }
	if err := json.Unmarshal(ask(t, h, "GET", "/books", "", "").Body.Bytes(), &books); err != nil || len(books.Parcels) != 1 {
		t.Errorf("got %d parcels, %v, want 1", len(books.Parcels), err)
	}
}
