package shop

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"
)

// leavesFor is how long a door that sends its visitors away is thought to be closing.
const leavesFor = 3 * time.Second

// balancer goes in by several doors as a load balancer in front of them would: by each in turn, by the next where nobody opens,
// and by one that ends its connections only if all do, since it is about to close.
type balancer struct {
	doors     []string
	transport *http.Transport
	dialer    net.Dialer

	mu     sync.Mutex // guards what follows
	dialed int
	left   map[string]time.Time // when each door last ended a connection
}

func newBalancer(doors []string, transport *http.Transport) *balancer {
	b := &balancer{doors: doors, transport: transport, left: map[string]time.Time{}}
	transport.DialContext = b.dial
	return b
}

// RoundTrip implements http.RoundTripper.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	var door string
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { door = c.Conn.RemoteAddr().String() }}
	answer, err := b.transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err == nil && answer.Close {
		b.mu.Lock()
		b.left[door] = time.Now()
		b.mu.Unlock()
	}
	return answer, err
}

func (b *balancer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var errs []error
	for _, door := range b.order() {
		conn, err := b.dialer.DialContext(ctx, network, door)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// order is the doors as they are to be tried this time.
func (b *balancer) order() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dialed++
	next := b.dialed % len(b.doors)
	var open, leaving []string
	for _, door := range slices.Concat(b.doors[next:], b.doors[:next]) {
		if time.Since(b.left[door]) < leavesFor {
			leaving = append(leaving, door)
		} else {
			open = append(open, door)
		}
	}
	return append(open, leaving...)
}
