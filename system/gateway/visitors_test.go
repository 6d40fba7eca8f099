package gateway

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/telemetry"
)

func TestBucketHoldsTwoSecondsAndFillsAtItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(4)
		for i := range 8 {
			if wait := l.take("a"); wait != 0 {
				t.Fatalf("request %d: got wait %v, want none", i, wait)
			}
		}
		if got, want := l.take("a"), 250*time.Millisecond; got != want {
			t.Errorf("empty bucket: got wait %v, want %v", got, want)
		}
		if wait := l.take("b"); wait != 0 {
			t.Errorf("another client: got wait %v, want none", wait)
		}
		time.Sleep(250 * time.Millisecond)
		if wait := l.take("a"); wait != 0 {
			t.Errorf("after the wait: got wait %v, want none", wait)
		}
		time.Sleep(time.Hour)
		taken := 0
		for l.take("a") == 0 {
			taken++
		}
		if taken != 8 {
			t.Errorf("after a long rest: took %d at once, want 8", taken)
		}
	})
}

func TestLimiterForgetsRestedClientsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1)
		for i := range mostBuckets - 1 {
			l.take(strconv.Itoa(i))
		}
		time.Sleep(time.Minute)
		for l.take("busy") == 0 {
		}
		l.take("one more")
		if got := len(l.buckets); got != 2 {
			t.Errorf("keeps %d buckets, want the busy one and the new one", got)
		}
		if l.take("busy") == 0 {
			t.Error("the busy client got a new bucket")
		}
	})
}

func TestLimiterIsSafeForManyClients(t *testing.T) {
	l := newLimiter(50)
	var clients sync.WaitGroup
	var mu sync.Mutex
	admitted := 0
	start := time.Now()
	for range 8 {
		clients.Go(func() {
			for range 100 {
				if l.take("a") == 0 {
					mu.Lock()
					admitted++
					mu.Unlock()
				}
			}
		})
	}
	clients.Wait()
	if most := 100 + int(50*time.Since(start).Seconds()) + 1; admitted < 100 || admitted > most {
		t.Errorf("admitted %d, want 100 to %d", admitted, most)
	}
}

func TestGreedyClientIsToldWhenToComeBack(t *testing.T) {
	d := newDesk(t, func(s *settings) { s.rates = rateSettings{User: 0.25, Address: 1e6} })
	cart := request{path: "/v1/cart", token: d.token("greedy")}
	d.send(cart).want(t, 200)
	got := d.send(cart)
	wantProblem(t, got, http.StatusTooManyRequests, "rate_limited")
	if seconds, _ := strconv.Atoi(got.header.Get("Retry-After")); seconds < 1 || seconds > 4 {
		t.Errorf("got Retry-After %q, want 1 to 4", got.header.Get("Retry-After"))
	}
	d.send(request{path: "/v1/cart", token: d.token("modest")}).want(t, 200)
	if got := testutil.ToFloat64(d.tel.Counter(telemetry.GatewayShed).WithLabelValues(shedRate)); got != 1 {
		t.Errorf("counted %v, want 1", got)
	}
}

func TestWebhooksHaveNoRateLimit(t *testing.T) {
	d := newDesk(t, func(s *settings) { s.rates = rateSettings{User: 1, Address: 0.01} })
	for range 5 {
		d.send(request{method: "POST", path: "/v1/webhooks/card-processor", body: "{}", header: map[string]string{"Stripe-Signature": "t=1"}}).want(t, 204)
	}
	d.send(request{path: "/v1/categories"}).want(t, 200)
	d.send(request{path: "/v1/nothing"}).want(t, http.StatusTooManyRequests)
}

func TestClientsAddress(t *testing.T) {
	for name, c := range map[string]struct {
		remote, forwarded string
		proxied           bool
		want              string
	}{
		"direct":                       {"192.0.2.1:4000", "", false, "192.0.2.1"},
		"direct, claims another":       {"192.0.2.1:4000", "198.51.100.9", false, "192.0.2.1"},
		"behind a proxy":               {"10.0.0.1:4000", "203.0.113.5, 198.51.100.9", true, "198.51.100.9"},
		"behind a proxy, not forwared": {"10.0.0.1:4000", "", true, "10.0.0.1"},
		"behind a proxy, nonsense":     {"10.0.0.1:4000", "x", true, "unknown"},
		"IPv6 counts by network":       {"[2001:db8:1:2:aaaa::1]:4000", "", false, "2001:db8:1:2::/64"},
		"IPv4 written as IPv6":         {"[::ffff:192.0.2.1]:4000", "", false, "192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.remote
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			if got := (visitors{proxied: c.proxied}).addressOf(r); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestBuyersFindAPlaceWhenBrowsersNoLongerDo(t *testing.T) {
	tel := telemetry.Discard("gateway")
	p := newPlaces(placeSettings{Requests: 10, Streams: 1}, newShed(tel))
	enter := func(rt route, want int) {
		t.Helper()
		got := 0
		for {
			if _, err := p.enter(rt); err != nil {
				break
			}
			got++
		}
		if got != want {
			t.Errorf("%+v: %d got in, want %d", rt, got, want)
		}
	}
	enter(route{}, 8)
	enter(route{buying: true}, 2)
	enter(route{stream: true}, 1)
	if got := testutil.ToFloat64(p.shed.WithLabelValues(shedConcurrency)); got != 3 {
		t.Errorf("counted %v turned away, want 3", got)
	}
}

func TestPlacesAreGivenBack(t *testing.T) {
	p := newPlaces(placeSettings{Requests: 5}, newShed(telemetry.Discard("gateway")))
	var guests sync.WaitGroup
	for range 8 {
		guests.Go(func() {
			for range 200 {
				if leave, err := p.enter(route{buying: true}); err == nil {
					leave()
				}
			}
		})
	}
	guests.Wait()
	if got := p.requests.Load(); got != 0 {
		t.Errorf("%d places are still taken", got)
	}
}

func TestFullHouseIsAnswered503(t *testing.T) {
	d := newDesk(t, func(s *settings) { s.places.Requests = 0 })
	got := d.send(request{path: "/v1/categories"})
	wantProblem(t, got, http.StatusServiceUnavailable, "overloaded")
	if got.header.Get("Retry-After") != "1" {
		t.Errorf("got Retry-After %q, want 1", got.header.Get("Retry-After"))
	}
}
