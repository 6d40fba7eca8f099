package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

func testCache(size int) *cache[int] {
	tel := telemetry.Discard("gateway")
	return newCache[int](cacheSettings{Fresh: time.Second, Stale: time.Minute}, size, tel.Counter(telemetry.GatewayCache),
		newFallbacks(tel).WithLabelValues("product", "GetProduct"))
}

func answering(v int, err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return v, err }
}

func TestCopyAnswersWhileFreshAndWhileTheServiceIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testCache(4)
		away := problem.New(problem.Unavailable, "", "away")
		for _, step := range []struct {
			wait time.Duration
			load func(context.Context) (int, error)
			want int
			from source
			err  error
		}{
			{0, answering(0, away), 0, miss, away},
			{0, answering(1, nil), 1, miss, nil},
			{900 * time.Millisecond, answering(2, nil), 1, hit, nil},
			{200 * time.Millisecond, answering(2, nil), 2, miss, nil},
			{59 * time.Second, answering(0, away), 2, stale, nil},
			{0, answering(0, problem.New(problem.Timeout, "", "late")), 2, stale, nil},
			{time.Second, answering(0, away), 0, miss, away},
		} {
			time.Sleep(step.wait)
			got, from, err := read(t.Context(), c, "k", step.load)
			if got != step.want || from != step.from || !errors.Is(err, step.err) {
				t.Errorf("got %d %s %v, want %d %s %v", got, from, err, step.want, step.from, step.err)
			}
		}
		if got := testutil.ToFloat64(c.fallbacks); got != 2 {
			t.Errorf("got %v fallbacks, want 2", got)
		}
	})
}

func TestAnswerThatIsNoOutageIsNeverReplacedByACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testCache(4)
		if _, _, err := read(t.Context(), c, "k", answering(1, nil)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		gone := problem.New(problem.NotFound, "", "gone")
		if _, _, err := read(t.Context(), c, "k", answering(0, gone)); !errors.Is(err, gone) {
			t.Errorf("got %v, want %v", err, gone)
		}
	})
}

func TestCacheForgetsWhatWasNotUsedForLongest(t *testing.T) {
	c := testCache(2)
	for _, key := range []string{"a", "b", "a", "c"} {
		if _, _, err := read(t.Context(), c, key, answering(1, nil)); err != nil {
			t.Fatal(err)
		}
	}
	for key, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if _, _, known := c.get(key); known != want {
			t.Errorf("%s: got known %v, want %v", key, known, want)
		}
	}
}

func TestCacheIsSafeForManyReaders(t *testing.T) {
	c := testCache(3)
	var readers sync.WaitGroup
	for n := range 8 {
		readers.Go(func() {
			for i := range 200 {
				want := i % 5
				if got, _, err := read(t.Context(), c, fmt.Sprint(want), answering(want, nil)); got != want || err != nil {
					t.Errorf("reader %d: got %d %v, want %d", n, got, err, want)
				}
			}
		})
	}
	readers.Wait()
	if got := c.recent.Len(); got > 3 || got != len(c.byKey) {
		t.Errorf("keeps %d answers under %d keys, want at most 3", got, len(c.byKey))
	}
}

func TestProductPagesAreServedFromCopiesWhileTheProductServiceIsAway(t *testing.T) {
	d := newDesk(t, func(s *settings) { s.cache.Fresh = 0 })
	paths := []string{"/v1/products/" + lamp, "/v1/products?text=lamp", "/v1/categories"}
	for _, path := range paths {
		fresh := d.send(request{path: path}).want(t, 200)
		if fresh.at("stale") != false || fresh.header.Get("X-Cache") != "miss" || !strings.HasPrefix(fresh.header.Get("Cache-Control"), "public") {
			t.Errorf("%s: got stale %v, headers %v", path, fresh.at("stale"), fresh.header)
		}
	}
	d.fakes.away("product", true)
	for _, path := range paths {
		old := d.send(request{path: path}).want(t, 200)
		if old.at("stale") != true || old.header.Get("X-Cache") != "stale" || !strings.HasPrefix(old.header.Get("Warning"), "110 ") {
			t.Errorf("%s: got stale %v, headers %v", path, old.at("stale"), old.header)
		}
	}
	never := d.send(request{path: "/v1/products?text=chair"})
	if never.status != 503 || never.header.Get("Retry-After") == "" {
		t.Errorf("unknown search: got %d, Retry-After %q", never.status, never.header.Get("Retry-After"))
	}
	if got := testutil.ToFloat64(d.tel.Counter(telemetry.LinkFallbacks).WithLabelValues("gateway", "product", "Search")); got != 1 {
		t.Errorf("got %v fallbacks of Search, want 1", got)
	}
}

func TestWhatASearchListedCanBeOpenedWhileTheProductServiceIsAway(t *testing.T) {
	d := newDesk(t)
	d.send(request{path: "/v1/products?text=lamp"}).want(t, 200)
	d.fakes.away("product", true)
	page := d.send(request{path: "/v1/products/" + lamp}).want(t, 200)
	if page.at("stale") != true || page.at("id") != lamp {
		t.Errorf("got id %v, stale %v, want the lamp as an older copy", page.at("id"), page.at("stale"))
	}
}

func TestACopyThatCameAlongIsNeverTakenForAFreshOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testCache(4)
		away := problem.New(problem.Unavailable, "", "away")
		wants := func(want int, from source, load func(context.Context) (int, error)) {
			t.Helper()
			if got, was, _ := read(t.Context(), c, "k", load); got != want || was != from {
				t.Errorf("got %d %s, want %d %s", got, was, want, from)
			}
		}
		c.spare("k", 1)
		wants(2, miss, answering(2, nil)) // asked for all the same
		c.spare("k", 1)
		wants(2, hit, answering(3, nil)) // a fresh copy stays
		time.Sleep(2 * time.Second)
		c.spare("k", 4)
		wants(4, stale, answering(0, away)) // one that is no longer fresh does not
	})
}

func TestFreshCopySparesTheProductService(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		d.send(request{path: "/v1/products/" + lamp}).want(t, 200)
	}
	if got := d.fakes.called("GetProduct"); got != 1 {
		t.Errorf("product was asked %d times, want 1", got)
	}
}

func TestStaffSeeTheirNewPriceAtOnce(t *testing.T) {
	d := newDesk(t)
	d.send(request{path: "/v1/products/" + lamp}).want(t, 200)
	d.send(request{method: "PUT", path: "/v1/products/" + lamp + "/price", token: d.token("u1", "staff"), body: `{"price":{"minor":777,"currency":"EUR"}}`}).want(t, 200)
	if got := d.send(request{path: "/v1/products/" + lamp}).want(t, 200).at("price", "minor"); got != 777.0 {
		t.Errorf("got price %v, want 777", got)
	}
}
