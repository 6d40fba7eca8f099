package resilience

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// dropper answers the first request on each connection and hangs up on the second, after it has read it.
type dropper struct {
	net.Listener
	requests atomic.Int32
}

func newDropper(t *testing.T) *dropper {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &dropper{Listener: l}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { d.serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return d
}

func (d *dropper) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for first := true; ; first = false {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		io.Copy(io.Discard, r.Body)
		d.requests.Add(1)
		if !first {
			return
		}
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

// net/http sends a request again by itself when a reused connection breaks, and no budget knows of it. What goes over
// the wire must be what the policy counted.
func TestBrokenConnectionHidesNoSecondSend(t *testing.T) {
	tests := []struct{ method, key, body string }{
		{"GET", "", ""}, {"HEAD", "", ""}, {"POST", "k", "a=b"}, {"POST", "k", ""}, {"DELETE", "k", ""}, {"POST", "", "a=b"},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.key+" "+test.body, func(t *testing.T) {
			d := newDropper(t)
			p := httpPolicy()
			p.Attempts = 1
			l := newLab(t, p)
			c := newClient(t, l)
			url := "http://" + d.Addr().String()
			for i := range 2 {
				answer, err := c.Do(request(t, test.method, url, test.key, test.body))
				if (err != nil) != (i == 1) {
					t.Fatalf("request %d: %v", i+1, err)
				}
				if err == nil {
					answer.Body.Close()
				} else if problem.CodeOf(err) != problem.Unavailable {
					t.Errorf("got %v, want unavailable", err)
				}
			}
			if got := d.requests.Load(); got != 2 {
				t.Errorf("the wire saw %d requests, the policy 2", got)
			}
			l.wants(t, 1, telemetry.LinkAttempts, "outcome=ok")
			l.wants(t, 1, telemetry.LinkAttempts, "outcome=unavailable")
		})
	}
}

// The test above would prove nothing if net/http no longer had that habit.
func TestPlainNetHTTPStillSendsTwice(t *testing.T) {
	d := newDropper(t)
	c := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(c.CloseIdleConnections)
	for range 2 {
		answer, err := c.Do(request(t, "POST", "http://"+d.Addr().String(), "k", "a=b"))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	if got := d.requests.Load(); got != 3 {
		t.Errorf("the wire saw %d requests, want 3: the hidden one has gone", got)
	}
}
