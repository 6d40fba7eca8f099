package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// fakeShop is a shop that answers as the real one does, and that can be broken at one route.
type fakeShop struct {
	mux *http.ServeMux
	// broken is what answers instead at a route such as "POST /v1/orders", to visitors and not while they are prepared.
	broken map[string]http.HandlerFunc
	// oversells ignores the stock.
	oversells bool
	// life is how long access tokens are good, in seconds.
	life int

	mu       sync.Mutex
	stock    int                    // of the one product that there is
	orders   map[string][]fakeOrder // by access token
	traces   map[string]int
	wrong    []string // requests without what each must carry
	visits   int      // requests that were none of the preparation
	requests int
	renewed  int // sessions
}

type fakeOrder struct {
	ID     string         `json:"id"`
	State  string         `json:"state"`
	Reason string         `json:"reason,omitempty"`
	Total  map[string]any `json:"total"`
	Items  []fakeLine     `json:"items"`
}

type fakeLine struct {
	Quantity int `json:"quantity"`
}

const lamp = "desk-lamp-arc-0001"

func newFakeShop(stock int) *fakeShop {
	s := &fakeShop{mux: http.NewServeMux(), broken: map[string]http.HandlerFunc{}, life: 900, stock: stock, orders: map[string][]fakeOrder{}, traces: map[string]int{}}
	total := map[string]any{"minor": 2999, "currency": "EUR"}
	s.on("GET /openapi.json", 200, func(*http.Request) any { return map[string]any{"paths": map[string]any{"/v1/orders": true}} })
	s.on("POST /v1/users", 201, func(*http.Request) any { return map[string]any{"user_id": "user-1"} })
	s.on("POST /v1/sessions", 201, func(r *http.Request) any {
		return map[string]any{"access_token": "of-" + r.Header.Get("X-Correlation-Id"), "refresh_token": "r", "expires_in": s.life}
	})
	s.on("POST /v1/sessions/refresh", 200, func(*http.Request) any {
		s.renewed++
		return map[string]any{"access_token": "renewed", "refresh_token": "r", "expires_in": s.life}
	})
	s.on("POST /v1/cards", 201, func(*http.Request) any { return map[string]any{"card_ref": "card-1"} })
	s.on("GET /v1/categories", 200, func(*http.Request) any {
		return map[string]any{"categories": []any{map[string]any{"slug": "lighting"}}}
	})
	s.on("GET /v1/products", 200, func(*http.Request) any {
		return map[string]any{"products": []any{map[string]any{"id": lamp, "title": "Arc Desk Lamp Limited Edition"}}}
	})
	s.on("GET /v1/products/{id}", 200, func(*http.Request) any { return map[string]any{"id": lamp, "availability": s.stock} })
	s.on("DELETE /v1/cart", 200, func(*http.Request) any { return map[string]any{"items": []any{}} })
	s.on("PUT /v1/cart/items/{product_id}", 200, func(r *http.Request) any {
		var body fakeLine
		_ = json.NewDecoder(r.Body).Decode(&body)
		return map[string]any{"version": body.Quantity, "items": []any{body}, "total": total}
	})
	s.on("POST /v1/orders", 202, func(r *http.Request) any {
		var body struct {
			Version int `json:"cart_version"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		return s.order(r.Header.Get("Authorization"), body.Version, total)
	})
	s.on("GET /v1/orders", 200, func(r *http.Request) any {
		return map[string]any{"orders": append([]fakeOrder{}, s.orders[r.Header.Get("Authorization")]...), "next_page_token": ""}
	})
	s.on("GET /v1/orders/{id}", 200, func(r *http.Request) any { return map[string]any{"order": s.find(r)} })
	s.handle("GET /v1/orders/{id}/events", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		text, _ := json.Marshal(s.find(r))
		s.mu.Unlock()
		fmt.Fprintf(w, "retry: 1000\n\nevent: state\ndata: {\"state\":\"pending\"}\n\nevent: state\ndata: %s\n\n", text)
	})
	return s
}

// order decides at once.
func (s *fakeShop) order(token string, quantity int, total map[string]any) fakeOrder {
	o := fakeOrder{ID: fmt.Sprintf("order-%d", s.requests), State: "shipped", Total: total, Items: []fakeLine{{quantity}}}
	switch {
	case s.oversells:
	case s.stock < quantity:
		o.State, o.Reason = "cancelled", "out_of_stock"
	default:
		s.stock -= quantity
	}
	s.orders[token] = append(s.orders[token], o)
	return o
}

func (s *fakeShop) find(r *http.Request) fakeOrder {
	for _, o := range s.orders[r.Header.Get("Authorization")] {
		if o.ID == r.PathValue("id") {
			return o
		}
	}
	return fakeOrder{}
}

// on answers a route with JSON.
func (s *fakeShop) on(pattern string, status int, answer func(*http.Request) any) {
	s.handle(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.write(w, status, answer(r))
	})
}

func (s *fakeShop) write(w http.ResponseWriter, status int, answer any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // whoever has left needs no answer
}

// handle answers a route, unless it is broken for whoever asks.
func (s *fakeShop) handle(pattern string, answer http.HandlerFunc) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		visitor := s.look(pattern, r)
		if broken := s.broken[pattern]; broken != nil && visitor {
			broken(w, r)
			return
		}
		answer(w, r)
	})
}

var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-[0-9a-f]{16}-01$`)

// digits are too many for a key: in the long run some would look like a card number, which the shop refuses.
var digits = regexp.MustCompile(`[0-9]{2}`)

// look notes what a request carries, and says whether a visitor sent it.
func (s *fakeShop) look(pattern string, r *http.Request) (visitor bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	correlation := r.Header.Get("X-Correlation-Id")
	if pattern == "GET /openapi.json" {
		return false
	}
	if trace := traceparent.FindStringSubmatch(r.Header.Get("Traceparent")); trace != nil {
		s.traces[trace[1]]++
	} else {
		s.wrong = append(s.wrong, pattern+" without trace context")
	}
	if len(correlation) < 8 || len(correlation) > 64 {
		s.wrong = append(s.wrong, pattern+" with the correlation id "+correlation)
	}
	keyed := pattern == "POST /v1/users" || pattern == "POST /v1/cards" || pattern == "POST /v1/orders"
	if key := r.Header.Get("Idempotency-Key"); keyed && (key == "" || digits.MatchString(key)) {
		s.wrong = append(s.wrong, pattern+" with the idempotency key "+key)
	}
	visitor = !strings.HasPrefix(correlation, "k6-prepare-") && !strings.HasPrefix(correlation, "k6-tally-")
	if visitor {
		s.visits++
	}
	return visitor
}

// visitors is how many requests of visitors there have been.
func (s *fakeShop) visitors() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits
}

// The ways in which a route can be broken.
func refuses(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "no", http.StatusInternalServerError)
}
func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// late answers rightly, but too late for any limit on reading.
func late(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(900 * time.Millisecond):
			says(status, text)(w, r)
		case <-r.Context().Done():
		}
	}
}
