package resilience

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// httpPolicy has real, short pauses and no breaker.
func httpPolicy() Policy {
	p := testPolicy()
	p.Backoff, p.MaxBackoff, p.Breaker = time.Millisecond, 2*time.Millisecond, Breaker{}
	p.RetryBurst = 1000
	return p
}

// neighbour is an HTTP server that counts what reaches it.
type neighbour struct {
	*httptest.Server
	requests, connections atomic.Int32
}

func newNeighbour(t *testing.T, h http.HandlerFunc) *neighbour {
	n := &neighbour{}
	n.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.requests.Add(1)
		h(w, r)
	}))
	n.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			n.connections.Add(1)
		}
	}
	n.Start()
	t.Cleanup(n.Close)
	return n
}

func newClient(t *testing.T, l *lab) *http.Client {
	c := &http.Client{Transport: Transport(l.Link, nil)}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func request(t *testing.T, method, url, key, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(WithOperation(t.Context(), "charge"), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return r
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, "sorry")
	}
}

// failsafe-go's HTTP retry left 101 connections after 50 calls, because nobody closed the bodies between.
func TestRetriedAnswersLeaveNoConnectionBehind(t *testing.T) {
	n := newNeighbour(t, status(http.StatusServiceUnavailable))
	l := newLab(t, httpPolicy())
	c := newClient(t, l)
	for range 50 {
		answer, err := c.Do(request(t, "GET", n.URL, "", ""))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	if got := n.requests.Load(); got != 150 {
		t.Errorf("got %d requests, want 3 for each of 50 calls", got)
	}
	if got := n.connections.Load(); got != 1 {
		t.Errorf("got %d connections, want 1", got)
	}
}

// The default of other retries is to repeat every method.
func TestOnlyReadsAndKeyedWritesAreSentAgain(t *testing.T) {
	tests := []struct {
		method, key string
		want        int32
	}{
		{"GET", "", 3}, {"HEAD", "", 3}, {"POST", "k1", 3}, {"DELETE", "k2", 3},
		{"POST", "", 1}, {"PUT", "", 1}, {"PATCH", "", 1}, {"DELETE", "", 1},
	}
	for _, test := range tests {
		n := newNeighbour(t, status(http.StatusInternalServerError))
		answer, err := newClient(t, newLab(t, httpPolicy())).Do(request(t, test.method, n.URL, test.key, ""))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := n.requests.Load(); got != test.want {
			t.Errorf("%s with key %q: got %d requests, want %d", test.method, test.key, got, test.want)
		}
	}
}

// A breaker that is not told sees no failure in an answer.
func TestStatusThatMeansAnOutageOpensTheBreaker(t *testing.T) {
	for code, want := range map[int]bool{500: true, 502: true, 503: true, 504: true, 429: true, 200: false, 400: false, 402: false, 404: false, 409: false} {
		n := newNeighbour(t, status(code))
		p := httpPolicy()
		p.Breaker = testPolicy().Breaker
		l := newLab(t, p)
		c := newClient(t, l)
		for range 8 {
			answer, err := c.Do(request(t, "POST", n.URL, "", "a=b"))
			if err != nil {
				if !Refused(err) {
					t.Fatal(err)
				}
				continue
			}
			answer.Body.Close()
		}
		if got := l.Open(); got != want {
			t.Errorf("after answers of %d the breaker is open: %t, want %t", code, got, want)
		}
	}
}

func TestLastAnswerReachesTheCallerWhole(t *testing.T) {
	n := newNeighbour(t, status(http.StatusServiceUnavailable))
	answer, err := newClient(t, newLab(t, httpPolicy())).Do(request(t, "POST", n.URL, "k", "a=b"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != 503 || string(body) != "sorry" || err != nil {
		t.Errorf("got %d %q %v, want the neighbour's own answer", answer.StatusCode, body, err)
	}
}

func TestEachAttemptCarriesBodyAndKey(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	n := newNeighbour(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprintf("%s %s %d %s", r.Header.Get("Idempotency-Key"), body, r.ContentLength, r.Header.Get("X-Idempotency-Key")))
		if len(seen) < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	l := newLab(t, httpPolicy())
	answer, err := newClient(t, l).Do(request(t, "POST", n.URL, "k7", "amount=12"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for i, got := range seen {
		if want := "k7 amount=12 9 "; got != want {
			t.Errorf("attempt %d: got %q, want %q", i+1, got, want)
		}
	}
	l.wants(t, 1, telemetry.LinkDuration, "operation=charge", "outcome=ok")
	l.wants(t, 2, telemetry.LinkRetries)
}

func TestBodyThatStallsRunsIntoTheAttemptsTimeOut(t *testing.T) {
	release := make(chan struct{})
	n := newNeighbour(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "half")
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	p := httpPolicy()
	p.AttemptTimeout = 50 * time.Millisecond
	l := newLab(t, p)
	_, err := newClient(t, l).Do(request(t, "GET", n.URL, "", ""))
	if problem.CodeOf(err) != problem.Timeout {
		t.Errorf("got %v, want a timeout", err)
	}
	l.wants(t, 3, telemetry.LinkAttempts, "outcome=timeout")
}

func TestAnswerThatBreaksOffIsAnOutage(t *testing.T) {
	n := newNeighbour(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	})
	_, err := newClient(t, newLab(t, httpPolicy())).Do(request(t, "POST", n.URL, "", "a=b"))
	if problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestAnswerOverTheLimitIsRefused(t *testing.T) {
	n := newNeighbour(t, func(w http.ResponseWriter, _ *http.Request) {
		io.CopyN(w, endless{}, maxAnswer+1)
	})
	_, err := newClient(t, newLab(t, httpPolicy())).Do(request(t, "GET", n.URL, "", ""))
	if problem.ReasonOf(err) != "answer_too_large" {
		t.Errorf("got %v, want answer_too_large", err)
	}
}

// bodies is a base transport that counts how many bodies it gave and how many were closed.
type bodies struct {
	status        int
	content       func() io.Reader
	given, closed atomic.Int32
}

func (b *bodies) RoundTrip(*http.Request) (*http.Response, error) {
	b.given.Add(1)
	return &http.Response{StatusCode: b.status, Body: countedBody{b.content(), b}}, nil
}

type countedBody struct {
	io.Reader
	of *bodies
}

func (c countedBody) Close() error { c.of.closed.Add(1); return nil }

func TestEveryAnswersBodyIsClosed(t *testing.T) {
	tests := map[string]*bodies{
		"good":      {status: 200, content: func() io.Reader { return strings.NewReader("fine") }},
		"retried":   {status: 503, content: func() io.Reader { return strings.NewReader("sorry") }},
		"too large": {status: 200, content: func() io.Reader { return endless{} }},
		"broken":    {status: 200, content: func() io.Reader { return iotest.ErrReader(io.ErrUnexpectedEOF) }},
	}
	for name, base := range tests {
		c := http.Client{Transport: Transport(newLab(t, httpPolicy()).Link, base)}
		if answer, err := c.Do(request(t, "GET", "http://neighbour", "", "")); err == nil {
			answer.Body.Close()
		}
		if given, closed := base.given.Load(), base.closed.Load(); given == 0 || given != closed {
			t.Errorf("%s: %d bodies, %d closed", name, given, closed)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestNeighbourThatRefusesConnectionsIsUnavailable(t *testing.T) {
	n := newNeighbour(t, status(200))
	n.Close()
	l := newLab(t, httpPolicy())
	_, err := newClient(t, l).Do(request(t, "GET", n.URL, "", ""))
	if problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	l.wants(t, 3, telemetry.LinkAttempts, "outcome=unavailable")
}

func TestRetryAfterHeaderIsRespected(t *testing.T) {
	n := newNeighbour(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	answer, err := newClient(t, newLab(t, httpPolicy())).Do(request(t, "GET", n.URL, "", ""))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if got := n.requests.Load(); got != 1 {
		t.Errorf("got %d requests, want 1: a minute does not fit into the deadline", got)
	}
}

func TestCallerWhoLeavesGetsNoAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := newNeighbour(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	_, err := newClient(t, newLab(t, httpPolicy())).Do(request(t, "GET", n.URL, "", "").WithContext(ctx))
	if !errors.Is(err, context.Canceled) || problem.CodeOf(err) != problem.Canceled {
		t.Errorf("got %v, want canceled", err)
	}
}
