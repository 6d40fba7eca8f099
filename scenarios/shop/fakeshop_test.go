package shop

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/chaos/load"
)

// fakeShop answers the public API as far as shoppers use it. Every product costs 500.
type fakeShop struct {
	// checkout stands in front of POST /v1/orders; it says whether it has answered itself. nil: never.
	checkout func(w http.ResponseWriter, r *http.Request, nth int) bool
	// stream stands in front of an order's events in the same way.
	stream func(w http.ResponseWriter, nth int) bool
	// busy is how many registrations are turned away at first.
	busy int
	// sells is the availability of every product.
	sells int64

	mu        sync.Mutex
	carts     map[string]map[string]int64 // by token and product
	versions  map[string]int
	orders    map[string]string // by token and key
	ordered   map[string]string // orders by token and version of the cart
	owners    map[string]string // tokens by order
	checkouts []string          // keys in the order in which they came
	streams   int
	cancels   []string
	bodies    []map[string]any
}

func (s *fakeShop) start(t *testing.T) string {
	t.Helper()
	s.carts, s.versions = map[string]map[string]int64{}, map[string]int{}
	s.orders, s.ordered, s.owners = map[string]string{}, map[string]string{}, map[string]string{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/users", s.register)
	mux.HandleFunc("POST /v1/sessions", func(w http.ResponseWriter, r *http.Request) {
		var who struct{ Email string }
		_ = json.NewDecoder(r.Body).Decode(&who)
		give(w, 201, map[string]any{"access_token": "token-" + who.Email, "user_id": "id-" + who.Email})
	})
	mux.HandleFunc("POST /v1/cards", func(w http.ResponseWriter, r *http.Request) {
		var card struct{ Token string }
		_ = json.NewDecoder(r.Body).Decode(&card)
		give(w, 201, map[string]any{"card_ref": "ref-" + card.Token})
	})
	mux.HandleFunc("GET /v1/categories", func(w http.ResponseWriter, _ *http.Request) {
		give(w, 200, map[string]any{"categories": []any{map[string]any{"slug": "lamps"}}})
	})
	mux.HandleFunc("GET /v1/products", func(w http.ResponseWriter, _ *http.Request) {
		give(w, 200, map[string]any{"products": []any{map[string]any{"id": "lamp-1"}, map[string]any{"id": "lamp-2"}, map[string]any{"id": "lamp-3"}}})
	})
	mux.HandleFunc("GET /v1/products/{id}", func(w http.ResponseWriter, r *http.Request) {
		give(w, 200, map[string]any{"id": r.PathValue("id"), "availability": s.sells})
	})
	mux.HandleFunc("GET /v1/cart", s.cart)
	mux.HandleFunc("DELETE /v1/cart", s.cart)
	mux.HandleFunc("PUT /v1/cart/items/{id}", s.cart)
	mux.HandleFunc("POST /v1/orders", s.order)
	mux.HandleFunc("POST /v1/orders/{id}/cancel", s.owned(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cancels = append(s.cancels, r.PathValue("id"))
		give(w, 409, map[string]any{"status": 409, "reason": "order_confirmed", "detail": "too late"})
	}))
	mux.HandleFunc("GET /v1/orders/{id}/events", s.owned(s.events))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// owned lets only the customer through whose order it is.
func (s *fakeShop) owned(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		owner := s.owners[r.PathValue("id")]
		s.mu.Unlock()
		if owner != tokenOf(r) {
			give(w, 404, map[string]any{"status": 404, "reason": "order_not_found"})
			return
		}
		answer(w, r)
	}
}

func give(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Trace-Id", "0123456789abcdef0123456789abcdef")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *fakeShop) register(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy > 0 {
		s.busy--
		give(w, 503, map[string]any{"status": 503, "reason": "busy"})
		return
	}
	give(w, 201, map[string]any{})
}

func tokenOf(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func (s *fakeShop) cart(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := tokenOf(r)
	if r.Method != http.MethodGet {
		s.versions[token]++
	}
	if r.Method == http.MethodDelete || s.carts[token] == nil {
		s.carts[token] = map[string]int64{}
	}
	if r.Method == http.MethodPut {
		var body struct{ Quantity int64 }
		_ = json.NewDecoder(r.Body).Decode(&body)
		s.carts[token][r.PathValue("id")] = body.Quantity
	}
	items, total := []any{}, int64(0)
	for id, quantity := range s.carts[token] {
		items = append(items, map[string]any{"product_id": id, "quantity": quantity})
		total += 500 * quantity
	}
	give(w, 200, map[string]any{"version": s.versions[token], "items": items, "total": amount{total, "EUR"}})
}

func (s *fakeShop) order(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	key := r.Header.Get("Idempotency-Key")
	s.mu.Lock()
	s.checkouts, s.bodies = append(s.checkouts, key), append(s.bodies, body)
	nth := len(s.checkouts)
	cart := fmt.Sprint(tokenOf(r), " ", body["cart_version"])
	id, first := s.orders[tokenOf(r)+key], s.ordered[cart]
	if id == "" && first == "" {
		id = fmt.Sprintf("order-%d", len(s.orders)+1)
		s.orders[tokenOf(r)+key], s.ordered[cart], s.owners[id] = id, id, tokenOf(r)
	}
	s.mu.Unlock()
	if id == "" {
		give(w, 409, map[string]any{"status": 409, "reason": "cart_ordered", "resource": "/v1/orders/" + first})
		return
	}
	if s.checkout == nil || !s.checkout(w, r, nth) {
		give(w, 202, map[string]any{"id": id, "state": "pending", "total": body["expected_total"]})
	}
}

func (s *fakeShop) events(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.streams++
	nth := s.streams
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	if s.stream == nil || !s.stream(w, nth) {
		say(w, "pending", "confirmed", "shipped")
	}
}

// say sends states as the shop does, with a heartbeat between them.
func say(w http.ResponseWriter, states ...string) {
	fmt.Fprint(w, "retry: 1000\n\n")
	for _, state := range states {
		fmt.Fprintf(w, ": still here\n\nevent: state\ndata: {\"order_id\":\"x\",\"state\":%q,\"reason\":\"\"}\n\n", state)
	}
}

// visit lets at least so many visits happen and gives their history. Answers are given up on after patience.
func (s *fakeShop) visit(t *testing.T, visits int, patience time.Duration) []load.Operation {
	t.Helper()
	b := &buyer{}
	if err := b.Prepare(t.Context(), load.Target{BaseURL: s.start(t), Seed: 7}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.close)
	b.client.answer.Timeout = patience
	recorder := load.NewRecorder(io.Discard)
	g := load.Start(t.Context(), load.Options{Name: "browse-and-buy", Shopper: b, Rate: 200, Seed: 7, Recorder: recorder})
	for tick := time.NewTicker(time.Millisecond); g.Stats().Visits < visits; <-tick.C {
		if t.Context().Err() != nil {
			t.Fatal("the visits never began")
		}
	}
	g.Stop(t.Context())
	return recorder.History()
}

// named picks operations by their names.
func named(history []load.Operation, names ...string) []load.Operation {
	return slices.DeleteFunc(slices.Clone(history), func(o load.Operation) bool { return !slices.Contains(names, o.Name) })
}
