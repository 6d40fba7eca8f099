package eventstest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Line is the way from a broker's clients to its server. A test may cut it, which both sides see at once, or silence it,
// which neither can see: nothing passes, and nothing is closed.
type Line struct {
	listener net.Listener
	upstream func() string
	work     sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
	// quiet is closed while bytes may pass.
	quiet chan struct{}
}

// NewLine opens a line to the address that upstream gives at the time of each connection. It is gone when the test ends.
func NewLine(tb testing.TB, upstream func() string) *Line {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	line := &Line{listener: l, upstream: upstream, conns: map[net.Conn]bool{}, quiet: make(chan struct{})}
	close(line.quiet)
	line.work.Go(line.serve)
	tb.Cleanup(func() {
		l.Close()
		line.Cut()
		line.Speak()
		line.work.Wait()
	})
	return line
}

// Address is where clients connect.
func (l *Line) Address() string { return l.listener.Addr().String() }

// Cut closes all connections, and new ones as they come.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for c := range l.conns {
		c.Close()
	}
}

// Mend takes connections again.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}

// Silence holds whatever is sent, in both directions.
func (l *Line) Silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet = make(chan struct{})
}

// Speak lets pass what was held, and what comes.
func (l *Line) Speak() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.quiet:
	default:
		close(l.quiet)
	}
}

func (l *Line) serve() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.work.Go(func() { l.connect(client) })
	}
}

func (l *Line) connect(client net.Conn) {
	defer l.drop(client)
	if !l.keep(client) {
		return
	}
	server, err := net.Dial("tcp", l.upstream())
	if err != nil {
		return
	}
	defer l.drop(server)
	if !l.keep(server) {
		return
	}
	l.work.Go(func() {
		defer client.Close()
		l.pass(client, server)
	})
	l.pass(server, client)
}

// pass copies until one side ends.
func (l *Line) pass(to io.Writer, from io.Reader) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		l.mu.Lock()
		quiet := l.quiet
		l.mu.Unlock()
		<-quiet
		if _, failed := to.Write(piece[:n]); failed != nil || err != nil {
			return
		}
	}
}

// keep notes a connection, unless the line is cut.
func (l *Line) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.cut {
		l.conns[c] = true
	}
	return !l.cut
}

func (l *Line) drop(c net.Conn) {
	c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}
