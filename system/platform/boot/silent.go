package boot

import (
	"net"
	"net/http"
	"sync"
)

// CloseSilent makes a server that is shut down close the connections on which no request has begun. Left to itself it
// waits five seconds for each: a client that opened one connection too many, or was cut off while it opened one, would
// hold up the whole teardown. Call it before the server serves.
func CloseSilent(s *http.Server) {
	q := &silent{conns: map[net.Conn]struct{}{}}
	s.ConnState = q.note
	s.RegisterOnShutdown(q.close)
}

// silent are the connections on which no request has begun.
type silent struct {
	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
}

func (q *silent) note(c net.Conn, s http.ConnState) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case s != http.StateNew:
		delete(q.conns, c)
	case q.closed: // it was accepted just before the listener closed
		_ = c.Close()
	default:
		q.conns[c] = struct{}{}
	}
}

func (q *silent) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for c := range q.conns {
		_ = c.Close() // nothing was said on it, so nothing is lost
	}
}
