package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/auth"
)

// rateSettings bound how much one client may ask for. Each instance of the gateway counts for itself.
type rateSettings struct {
	// User is how many requests a second a customer may send for long; twice as many at once after a rest.
	User float64 `env:"RATE_LIMIT_USER" envDefault:"50"`
	// Address is the same for an address from which requests without a token come; a whole office may share one.
	Address float64 `env:"RATE_LIMIT_ADDRESS" envDefault:"500"`
	// Proxied takes the client's address from the last entry of X-Forwarded-For, which a proxy of ours wrote. Set it
	// only behind such a proxy.
	Proxied bool `env:"TRUST_FORWARDED_FOR" envDefault:"false"`
}

// visitors limits each client's rate.
type visitors struct {
	proxied          bool
	users, addresses *limiter
	shed             *prometheus.CounterVec
}

func newVisitors(s rateSettings, shed *prometheus.CounterVec) visitors {
	return visitors{s.Proxied, newLimiter(s.User), newLimiter(s.Address), shed}
}

// admit counts the request of its client, a customer by their id and anybody else by their address.
func (v visitors) admit(r *http.Request, rt route) error {
	if rt.signed {
		return nil
	}
	var wait time.Duration
	if who, known := auth.From(r.Context()); known {
		wait = v.users.take(who.UserID)
	} else {
		wait = v.addresses.take(v.addressOf(r))
	}
	if wait == 0 {
		return nil
	}
	v.shed.WithLabelValues(shedRate).Inc()
	return newProblem(http.StatusTooManyRequests, "rate_limited", "too many requests from you: come back after Retry-After").after(wait)
}

// addressOf gives the client's address; of IPv6 the network, because a client has many addresses in it.
func (v visitors) addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if forwarded := r.Header.Values("X-Forwarded-For"); v.proxied && len(forwarded) > 0 {
		hops := strings.Split(forwarded[len(forwarded)-1], ",")
		host = strings.TrimSpace(hops[len(hops)-1])
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	if address = address.Unmap(); address.Is6() {
		return netip.PrefixFrom(address, 64).Masked().String()
	}
	return address.String()
}

// mostBuckets bounds a limiter's memory: about 100 bytes each.
const mostBuckets = 100_000

// limiter has a bucket of tokens for each client: it fills at the rate and holds two seconds' worth.
type limiter struct {
	rate, burst float64

	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter(rate float64) *limiter {
	return &limiter{rate: rate, burst: max(2*rate, 1), buckets: map[string]bucket{}}
}

// take takes a token out of the client's bucket, or tells how long it takes until there is one.
func (l *limiter) take(client string) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	b, known := l.buckets[client]
	if !known {
		l.forget(now)
		b = bucket{l.burst, now}
	}
	b = bucket{l.filled(b, now), now}
	if b.tokens >= 1 {
		b.tokens--
	} else {
		wait = max(time.Duration((1-b.tokens)/l.rate*float64(time.Second)), 1)
	}
	l.buckets[client] = b
	return wait
}

func (l *limiter) filled(b bucket, now time.Time) float64 {
	return min(l.burst, b.tokens+now.Sub(b.at).Seconds()*l.rate)
}

// forget makes room: full buckets say nothing that a new one would not.
func (l *limiter) forget(now time.Time) {
	if len(l.buckets) < mostBuckets {
		return
	}
	for client, b := range l.buckets {
		if l.filled(b, now) >= l.burst {
			delete(l.buckets, client)
		}
	}
	for client := range l.buckets {
		if len(l.buckets) < mostBuckets {
			return
		}
		delete(l.buckets, client)
	}
}
