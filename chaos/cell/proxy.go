package cell

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"stormglass/internal/ports"
)

// changeWithin bounds one change of a proxy: one that takes longer is given up and the proxy made anew.
const changeWithin = 2 * time.Second

// Proxy stands between one instance of a link's client and one of its server. Effects can be put on it and taken off
// while it works, and it can refuse.
type Proxy struct {
	ends   pair
	abrupt bool // its connections end with a reset
	seed   uint64
	server *toxiproxy.ApiServer

	accepted atomic.Int64 // connections so far
	bytes    [2]atomic.Int64
	effects  atomic.Pointer[[]Effect]

	change  sync.Mutex // one change at a time
	line    *line      // nil while it refuses
	turning *turnstile // while it refuses a link that had no connection
}

// startProxies makes a proxy for every pair and lets it listen.
func startProxies(pairs []pair, o Options) ([]*Proxy, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	var out []*Proxy
	for _, ends := range pairs {
		if ends.direct {
			continue
		}
		p := &Proxy{ends: ends, seed: o.Seed, server: server, abrupt: slices.ContainsFunc(o.Abrupt, ends.on)}
		p.effects.Store(&[]Effect{})
		var err error
		if p.line, err = newLine(p, server); err != nil {
			return out, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Name is such as "order-1 -> product-1".
func (p *Proxy) Name() string { return p.ends.name() }

// Abrupt says whether its connections end with a reset, see Options.Abrupt.
func (p *Proxy) Abrupt() bool { return p.abrupt }

// CutAll cuts every connection that there is now, and says how many. New ones may come.
func (p *Proxy) CutAll() int {
	p.change.Lock()
	defer p.change.Unlock()
	if p.line == nil {
		return 0
	}
	return p.line.cutAll()
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.ends.listen }

// Traffic is what has passed a proxy so far.
type Traffic struct {
	Accepted      int64 // connections
	RequestBytes  int64 // that came from clients
	ResponseBytes int64 // that came from the server
}

// Traffic counts what has come in, whether or not an effect let it pass.
func (p *Proxy) Traffic() Traffic {
	return Traffic{Accepted: p.accepted.Load(), RequestBytes: p.bytes[0].Load(), ResponseBytes: p.bytes[1].Load()}
}

// pass counts a chunk and sends it through the effects.
func (p *Proxy) pass(s *Stream, c Chunk, out func(Chunk)) {
	if s.Direction == Request {
		p.bytes[0].Add(int64(len(c.Data)))
	} else {
		p.bytes[1].Add(int64(len(c.Data)))
	}
	s.handle(p.effects.Load(), c, out)
}

// Add puts an effect on the proxy, behind those that are there. It acts on every chunk from now on.
func (p *Proxy) Add(e Effect) {
	p.change.Lock()
	defer p.change.Unlock()
	list := append(slices.Clone(*p.effects.Load()), e)
	p.effects.Store(&list)
}

// Remove takes an effect off. Chunks that are inside one of its passes are the effect's to let go.
func (p *Proxy) Remove(e Effect) {
	p.change.Lock()
	defer p.change.Unlock()
	list := slices.DeleteFunc(slices.Clone(*p.effects.Load()), func(x Effect) bool { return x == e })
	p.effects.Store(&list)
}

// Refuse cuts every connection and closes the port, so that the kernel refuses new ones. It says how many connections
// it cut. A closed port leaves no trace of who knocked; so when there was none to cut, the first one that comes is
// accepted, counted and reset, and the port closes then.
func (p *Proxy) Refuse(ctx context.Context) (cut int, err error) {
	p.change.Lock()
	defer p.change.Unlock()
	if p.line == nil {
		return 0, fmt.Errorf("refuse on %s: it refuses already", p.Name())
	}
	l := p.line
	p.line = nil // whatever comes of closing it, Accept makes a new one
	cut = l.cutAll()
	err = l.close(ctx)
	cut += l.cutAll()
	if cut == 0 && err == nil {
		p.turning, err = newTurnstile(p.ends.listen)
	}
	return cut, err
}

// Accept ends a refusal: the proxy listens on its port again. It says how many connections were turned away by hand.
func (p *Proxy) Accept(ctx context.Context) (turned int, err error) {
	p.change.Lock()
	defer p.change.Unlock()
	if p.turning != nil {
		turned = p.turning.close()
		p.turning = nil
	}
	if p.line != nil {
		return turned, nil
	}
	p.line, err = newLine(p, p.server)
	return turned, err
}

// close ends the proxy for good.
func (p *Proxy) close() error {
	p.change.Lock()
	defer p.change.Unlock()
	if p.turning != nil {
		p.turning.close()
		p.turning = nil
	}
	if p.line == nil {
		return nil
	}
	p.line.cutAll()
	err := p.line.close(context.Background())
	p.line.cutAll()
	p.line = nil
	return err
}

// close stops listening and closes every connection. Toxiproxy does this under a lock that it may hold for as long as
// it dials a server that does not answer; past the deadline it is left to itself, since it has closed its port by then.
func (l *line) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, changeWithin)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		l.toxi.Stop()
		l.cutAll()
	}()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
	}
	if err := ports.Probe(l.proxy.ends.listen); err != nil {
		return fmt.Errorf("close %s: it still listens after %s: %w", l.proxy.Name(), changeWithin, err)
	}
	return nil
}

// turnstile listens on a port in order to reset the first connection that comes, and closes the port then.
type turnstile struct {
	listener net.Listener
	turned   chan int
}

func newTurnstile(addr string) (*turnstile, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("watch refused port: %w", err)
	}
	t := &turnstile{listener: l, turned: make(chan int, 1)}
	go t.wait()
	return t, nil
}

func (t *turnstile) wait() {
	conn, err := t.listener.Accept()
	if err != nil {
		t.turned <- 0
		return
	}
	_ = conn.(*net.TCPConn).SetLinger(0) // makes the close below a reset; without it, it is still a close
	_ = t.listener.Close()
	_ = conn.Close()
	t.turned <- 1
}

// close gives the port back and says how many connections were turned away: at least so many, and none or one.
func (t *turnstile) close() int {
	_ = t.listener.Close()
	return <-t.turned
}
