package cell

import (
	"fmt"
	"hash/fnv"
	"strings"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// tap is the one toxic that stands on every proxy, in both directions, from its first connection to its last. What
// faults do to the traffic is decided in it, chunk by chunk, from the proxy's list of effects. So a fault begins and
// ends by exchanging that list, and no toxic is ever added to a live connection or removed from one, which can hang.
//
//	client ─▶ noop ─▶ tap(request) ─▶ server
//	client ◀─ tap(response) ◀─ noop ◀─ server
type tap struct {
	line      *line
	direction Direction
}

// tapType is the tap's name in Toxiproxy's registry.
const tapType = "stormglass"

// GetBufferSize lets chunks queue behind one that is held, each with the time of its arrival, so that a delay does not
// become a throttle.
func (t *tap) GetBufferSize() int { return 1024 }

// NewState makes the stream of a new connection; Toxiproxy keeps it and gives it back to Pipe.
func (t *tap) NewState() any { return t.line.open(t.direction) }

// Pipe carries one direction of one connection to its end.
func (t *tap) Pipe(stub *toxics.ToxicStub) {
	s := stub.State.(*Stream)
	for {
		select {
		case <-stub.Interrupt: // nobody changes a proxy's toxics; if it happens all the same, Pipe is called again
			return
		case <-s.conn.done:
			t.finish(s, stub)
			return
		case c := <-stub.Input:
			if c == nil {
				t.line.proxy.pass(s, Chunk{End: true}, func(Chunk) {})
				t.finish(s, stub)
				return
			}
			t.line.proxy.pass(s, Chunk{Data: c.Data, At: c.Timestamp}, func(out Chunk) {
				select {
				case stub.Output <- &stream.StreamChunk{Data: out.Data, Timestamp: out.At}:
				case <-s.conn.done:
				}
			})
		}
	}
}

// finish closes the way out, which makes Toxiproxy close the receiver's socket, and throws away what still comes in
// until the sender's end is noticed: nobody may be left waiting to hand over a chunk.
func (t *tap) finish(s *Stream, stub *toxics.ToxicStub) {
	stub.Close()
	t.line.leave(s.conn)
	for range stub.Input {
	}
}

// line is one life of a proxy: a Toxiproxy proxy with taps, and its connections. A proxy that was refused has a new one
// afterwards.
type line struct {
	proxy *Proxy
	toxi  *toxiproxy.Proxy

	mu     sync.Mutex
	conns  map[*conn]bool
	opened *conn // the connection whose first stream is there and whose second comes next
}

// newLine makes a line and lets it listen.
func newLine(p *Proxy, server *toxiproxy.ApiServer) (*line, error) {
	toxics.Register(tapType, new(tap))
	l := &line{proxy: p, conns: map[*conn]bool{}}
	l.toxi = toxiproxy.NewProxy(server, p.Name(), p.ends.listen, p.ends.upstream)
	for way, direction := range map[string]Direction{"upstream": Request, "downstream": Response} {
		wrapper, err := l.toxi.Toxics.AddToxicJson(strings.NewReader(
			fmt.Sprintf(`{"name": %q, "type": %q, "stream": %q, "toxicity": 1}`, tapType+way, tapType, way)))
		if err != nil {
			return nil, fmt.Errorf("add tap to %s: %w", p.Name(), err)
		}
		t := wrapper.Toxic.(*tap)
		t.line, t.direction = l, direction
	}
	if p.abrupt {
		if err := l.armReset(); err != nil {
			return nil, err
		}
	}
	if err := l.toxi.Start(); err != nil {
		return nil, fmt.Errorf("listen for %s: %w", p.Name(), err)
	}
	return l, nil
}

// armReset makes the sockets of all connections to come end with a reset. Whether a socket does is settled when its
// connection starts, and Toxiproxy settles it so when a reset_peer stands on the proxy, even one that never acts.
func (l *line) armReset() error {
	for _, way := range []string{"upstream", "downstream"} {
		if _, err := l.toxi.Toxics.AddToxicJson(strings.NewReader(
			fmt.Sprintf(`{"name": "reset%s", "type": "reset_peer", "stream": %q, "toxicity": 0}`, way, way))); err != nil {
			return fmt.Errorf("arm resets on %s: %w", l.proxy.Name(), err)
		}
	}
	return nil
}

// open makes one stream of a new connection. Toxiproxy accepts one connection at a time and starts its request stream
// first and its response stream second.
func (l *line) open(d Direction) *Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d == Request || l.opened == nil {
		l.opened = newConn(int(l.proxy.accepted.Add(1)))
		l.conns[l.opened] = true
	}
	c := l.opened
	s := &Stream{Proxy: l.proxy.Name(), Conn: c.number, Direction: d, conn: c}
	s.Seed = streamSeed(l.proxy.seed, s)
	return s
}

// streamSeed does not depend on how connections of different proxies interleave.
func streamSeed(seed uint64, s *Stream) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %d %s", seed, s.Proxy, s.Conn, s.Direction)
	return h.Sum64()
}

// leave notes the end of one stream.
func (l *line) leave(c *conn) {
	if c.leave() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, c)
	}
}

// cutAll cuts every connection and says how many it was.
func (l *line) cutAll() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if c.cut() {
			n++
		}
	}
	return n
}

// live is the number of connections.
func (l *line) live() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}
