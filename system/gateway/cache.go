package gateway

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// source is where an answer came from; it is the value of the header X-Cache and of the metric's label.
type source string

const (
	hit   source = "hit"
	miss  source = "miss"
	stale source = "stale"
)

// cacheSettings bound the copies of catalogue reads.
type cacheSettings struct {
	// Fresh is how long a copy answers in place of the service; so old may a price be that a page shows.
	Fresh time.Duration `env:"CACHE_FRESH" envDefault:"2s"`
	// Stale is how long a copy is kept for the time in which the service is away.
	Stale time.Duration `env:"CACHE_STALE" envDefault:"1h"`
	// Size is how many products are kept, and a quarter as many searches.
	Size int `env:"CACHE_SIZE" envDefault:"1024"`
}

// reads are the copies that the gateway keeps.
type reads struct {
	fresh      time.Duration
	products   *cache[Product]
	searches   *cache[Found]
	categories *cache[[]category]
	keys       *cache[[]byte]
}

func newReads(tel *telemetry.Telemetry, s cacheSettings) reads {
	counts := tel.Counter(telemetry.GatewayCache)
	for _, from := range []source{hit, miss, stale} {
		counts.WithLabelValues(string(from))
	}
	fallbacks := newFallbacks(tel)
	return reads{
		fresh:      s.Fresh,
		products:   newCache[Product](s, s.Size, counts, fallbacks.WithLabelValues("product", "GetProduct")),
		searches:   newCache[Found](s, s.Size/4, counts, fallbacks.WithLabelValues("product", "Search")),
		categories: newCache[[]category](s, 1, counts, fallbacks.WithLabelValues("product", "ListCategories")),
		keys:       newCache[[]byte](s, 1, counts, fallbacks.WithLabelValues("user", "Keys")),
	}
}

// headers tell the client how old the answer may be.
func (r reads) headers(from source) Cached {
	h := Cached{Cache: string(from), Control: fmt.Sprintf("public, max-age=%d", int(r.fresh.Seconds()))}
	if from == stale {
		h.Control, h.Warning = "no-store", `110 stormglass "response is stale"`
	}
	return h
}

// cache keeps the most recently used answers of one kind of read.
type cache[V any] struct {
	settings  cacheSettings
	most      int
	counts    *prometheus.CounterVec
	fallbacks prometheus.Counter

	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List // of copied[V], the most recently used first
}

type copied[V any] struct {
	key    string
	value  V
	loaded time.Time
}

func newCache[V any](s cacheSettings, most int, counts *prometheus.CounterVec, fallbacks prometheus.Counter) *cache[V] {
	return &cache[V]{settings: s, most: max(most, 1), counts: counts, fallbacks: fallbacks, byKey: map[string]*list.Element{}, recent: list.New()}
}

// read gives the answer for a key: a fresh copy, else what load gives, else, when the service is away, an older copy.
// Whoever gets a value must not change it.
func read[V any](ctx context.Context, c *cache[V], key string, load func(context.Context) (V, error)) (V, source, error) {
	kept, age, known := c.get(key)
	if known && age < c.settings.Fresh {
		return kept, c.count(hit), nil
	}
	v, err := load(ctx)
	if err == nil {
		c.put(key, v)
		return v, c.count(miss), nil
	}
	if known && age < c.settings.Stale && problem.CodeOf(err).Outage() {
		c.fallbacks.Inc()
		return kept, c.count(stale), nil
	}
	return v, c.count(miss), err
}

func (c *cache[V]) count(from source) source {
	c.counts.WithLabelValues(string(from)).Inc()
	return from
}

func (c *cache[V]) get(key string) (v V, age time.Duration, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, known := c.byKey[key]
	if !known {
		return v, 0, false
	}
	c.recent.MoveToFront(element)
	kept := element.Value.(copied[V])
	return kept.value, time.Since(kept.loaded), true
}

// put keeps an answer that was asked for a moment ago.
func (c *cache[V]) put(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(copied[V]{key, v, time.Now()})
}

// spare keeps what another answer brought along, for the time in which the service is away. It never takes the place of a
// fresh copy and is never taken for one, because that other answer may itself be a little behind.
func (c *cache[V]) spare(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, known := c.byKey[key]
	if known && time.Since(element.Value.(copied[V]).loaded) < c.settings.Fresh {
		return
	}
	c.keep(copied[V]{key, v, time.Now().Add(-c.settings.Fresh)})
}

// keep needs the lock.
func (c *cache[V]) keep(kept copied[V]) {
	if element, known := c.byKey[kept.key]; known {
		element.Value = kept
		c.recent.MoveToFront(element)
		return
	}
	c.byKey[kept.key] = c.recent.PushFront(kept)
	if c.recent.Len() > c.most {
		oldest := c.recent.Remove(c.recent.Back()).(copied[V])
		delete(c.byKey, oldest.key)
	}
}
