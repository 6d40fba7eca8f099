package cardprocessor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

const shopKey = "sk_test_shop"

// quick is how long the slow card takes in tests.
const quick = 50 * time.Millisecond

// processor is a running card processor, without its webhooks.
type processor struct {
	*httptest.Server
	ledger *Ledger
	path   string
}

func start(t *testing.T) *processor {
	t.Helper()
	return startAt(t, filepath.Join(t.TempDir(), "ledger.jsonl"), Options{Slow: quick, Refunds: quick, Notify: true}, zerolog.Nop())
}

// startAt runs on a ledger that may be there already. Nothing closes that of an earlier one: it was killed.
func startAt(t *testing.T, path string, o Options, log zerolog.Logger) *processor {
	t.Helper()
	l, err := OpenLedger(path, o)
	if err != nil {
		t.Fatalf("open ledger: %v", err)
	}
	tracer, closer := newTracer("card-processor", "", zerolog.Nop())
	api := &API{l, shopKey, tracer, log}
	s := httptest.NewServer(api.Routes())
	t.Cleanup(func() {
		s.Close()
		if err := l.Close(); err != nil {
			t.Errorf("close ledger: %v", err)
		}
		if err := closer.Close(); err != nil {
			t.Errorf("close tracer: %v", err)
		}
	})
	return &processor{s, l, path}
}

// post sends a form and gives the answer with its body read. form is "name=value&…".
func (p *processor) post(t *testing.T, path, form, key string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+path, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+shopKey)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return p.do(t, r)
}

func (p *processor) do(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := p.Client().Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// newIntent creates an intent of 2500 cents for order o-1 and gives its id.
func (p *processor) newIntent(t *testing.T, token string) string {
	t.Helper()
	form := url.Values{"amount": {"2500"}, "currency": {"eur"}, "payment_method": {token}, "metadata[order_id]": {"o-1"}, "confirm": {"false"}}
	response, body := p.post(t, "/v1/payment_intents", form.Encode(), "")
	if response.StatusCode != http.StatusOK {
		t.Fatalf("create intent: status %d: %s", response.StatusCode, body)
	}
	_, rest, _ := strings.Cut(body, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// booked gives the only intent in the books.
func (p *processor) booked(t *testing.T) BookedIntent {
	t.Helper()
	b, err := p.ledger.Books()
	if err != nil {
		t.Fatalf("read books: %v", err)
	}
	if len(b.Intents) != 1 {
		t.Fatalf("got %d intents in the books, want 1", len(b.Intents))
	}
	return b.Intents[0]
}
