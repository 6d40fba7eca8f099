package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestABrokenShopIsRedByTheRightLimit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		profile string
		route   string
		broken  http.HandlerFunc
		limits  []string // that must be named as broken
	}{
		"accounts are refused":  {"smoke", "POST /v1/users", refuses, []string{"step_failed{step:register}", "step_done{step:register}"}},
		"sessions are refused":  {"smoke", "POST /v1/sessions", refuses, []string{"step_failed{step:log_in}", "step_done{step:log_in}"}},
		"cards are refused":     {"smoke", "POST /v1/cards", refuses, []string{"step_failed{step:card}", "step_done{step:card}"}},
		"no categories":         {"smoke", "GET /v1/categories", says(200, `{"categories":[]}`), []string{"step_failed{step:browse}", "step_done{step:browse}"}},
		"nothing is found":      {"smoke", "GET /v1/products", says(200, `{"products":[]}`), []string{"step_failed{step:browse}", "step_done{step:search}"}},
		"products come late":    {"smoke", "GET /v1/products/{id}", late(200, `{"id":"`+lamp+`","availability":100}`), []string{"step_duration{step:view}"}},
		"the cart says nothing": {"smoke", "PUT /v1/cart/items/{product_id}", says(200, ""), []string{"step_failed{step:cart}", "step_done{step:cart}"}},
		"orders are refused":    {"smoke", "POST /v1/orders", refuses, []string{"step_failed{step:checkout}", "step_done{step:checkout}"}},
		"orders have no id":     {"smoke", "POST /v1/orders", says(202, `{}`), []string{"step_failed{step:checkout}", "step_done{step:checkout}"}},
		"orders are cancelled":  {"smoke", "GET /v1/orders/{id}/events", says(200, "data: {\"state\":\"cancelled\"}\n\n"), []string{"step_failed{step:track}", "step_done{step:track}"}},
		"no order has an end":   {"smoke", "GET /v1/orders/{id}/events", says(200, ": nothing\n\n"), []string{"step_failed{step:track}", "step_done{step:track}"}},
		"nobody can check out":  {"breakpoint", "POST /v1/orders", refuses, []string{"step_failed{step:checkout}"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := newFakeShop(1_000_000)
			shop.broken[c.route] = c.broken
			r := begin(t, map[string]string{"BASE_URL": serve(t, shop), "PROFILE": c.profile, "DURATION": "5s"})
			r.redBy(t, c.limits...)
		})
	}
}

// redBy waits for a red end that names these limits.
func (r *running) redBy(t *testing.T, limits ...string) {
	t.Helper()
	if got := r.end(t); got != exitRed {
		t.Errorf("exit code: got %d, want %d\n%s", got, exitRed, r.out)
	}
	for _, limit := range limits {
		if !strings.Contains(r.out.String(), "BROKEN "+limit) {
			t.Errorf("the limit %s should have broken\n%s", limit, r.out)
		}
	}
}

func TestAShopThatHangsIsRedByVisitsThatNobodyMade(t *testing.T) {
	t.Parallel()
	shop := newFakeShop(1_000_000)
	shop.broken["GET /v1/categories"] = hangs
	r := begin(t, map[string]string{"BASE_URL": serve(t, shop), "RATE": "5", "DURATION": "8s"})
	r.redBy(t, "dropped_iterations", "iterations", "step_done{step:checkout}")
}

func TestAShopThatLetsNobodyPrepareIsRed(t *testing.T) {
	t.Parallel()
	shop := newFakeShop(1_000_000)
	shop.mux = http.NewServeMux()
	shop.on("GET /openapi.json", 200, func(*http.Request) any { return map[string]any{"paths": map[string]any{"/v1/orders": true}} })
	r := begin(t, map[string]string{"BASE_URL": serve(t, shop)})
	if got := r.end(t); got != exitRed || !strings.Contains(r.out.String(), "prepare customers: POST /v1/users") {
		t.Errorf("exit code: got %d, want %d, with the reason\n%s", got, exitRed, r.out)
	}
}

func TestAFlashSaleIsGreenOnlyIfNothingIsOversoldOrLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*fakeShop)
		says  string
	}{
		"sold as it should be": {func(*fakeShop) {}, "told that it is sold out, 0 pieces oversold, 0 orders lost"},
		"oversold":             {func(s *fakeShop) { s.oversells = true }, "BROKEN flash_oversold: count==0"},
		"told too early":       {func(s *fakeShop) { s.broken["POST /v1/orders"] = s.soldOutAtOnce }, "BROKEN flash_undersold: count==0"},
		"not much wanted":      {func(s *fakeShop) { s.stock = 1000 }, "BROKEN flash_sold_out: count>0"},
		"orders lost":          {func(s *fakeShop) { s.mux = forgetting(s.mux) }, "orders lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := newFakeShop(12)
			c.spoil(shop)
			r := begin(t, map[string]string{"BASE_URL": serve(t, shop), "PROFILE": "flash-sale", "DURATION": "5s", "LATENCY": "5"})
			want := exitRed
			if name == "sold as it should be" {
				want = exitGreen
			}
			if got := r.end(t); got != want || !strings.Contains(r.out.String(), c.says) {
				t.Errorf("exit code: got %d, want %d, and %q\n%s", got, want, c.says, r.out)
			}
		})
	}
}

// soldOutAtOnce tells everybody that nothing is left, though there is.
func (s *fakeShop) soldOutAtOnce(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.stock
	s.stock = 0
	s.write(w, http.StatusAccepted, s.order(r.Header.Get("Authorization"), 1, map[string]any{"minor": 2999, "currency": "EUR"}))
	s.stock = full
}

// forgetting is a shop in whose lists the first order of each customer is missing.
func forgetting(mux *http.ServeMux) *http.ServeMux {
	outer := http.NewServeMux()
	outer.Handle("/", mux)
	outer.HandleFunc("GET /v1/orders", says(200, `{"orders":[]}`))
	return outer
}
