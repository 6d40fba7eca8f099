package events_test

import (
	"bufio"
	"context"
	"net"
	"sync"
	"testing"

	"stormglass/system/platform/events"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// responder is the other end of a database's link. It hangs up on each line that refuse says so of.
type responder struct {
	mu     sync.Mutex
	refuse func(line string) bool
}

func (r *responder) refusing(refuse func(line string) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = refuse
}

func (r *responder) serve(c net.Conn) {
	defer c.Close()
	for lines := bufio.NewScanner(c); lines.Scan(); {
		r.mu.Lock()
		hangUp := r.refuse != nil && r.refuse(lines.Text())
		r.mu.Unlock()
		if hangUp {
			return
		}
		if _, err := c.Write([]byte("OK\n")); err != nil {
			return
		}
	}
}

// linked opens a SQLite database that is reached over a link.
func linked(t *testing.T) (*store.DB, *responder) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &responder{}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { r.serve(c) })
		}
	})
	db, err := store.Open(t.Context(), telemetry.Discard("test"), nil, storetest.SQLite(t)+"?link="+l.Addr().String(), events.Migrations(), effects())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = db.Close(context.Background()) // the link may be gone by now
		l.Close()
		serving.Wait()
	})
	return db, r
}
