package product

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"

	"stormglass/system/api/links"
	"stormglass/system/platform/backendtest"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// each runs a test on the stand-in that the embedded tier has, and on MongoDB itself.
func each(t *testing.T, run func(t *testing.T, at string)) {
	t.Run("ferretdb", func(t *testing.T) { run(t, serveDocuments(t)) })
	t.Run("mongodb", func(t *testing.T) { run(t, backendtest.MongoDB(t).URL().Host) })
}

// serveDocuments runs an empty document server and gives its address.
func serveDocuments(t *testing.T) string {
	t.Helper()
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: "127.0.0.1:0"}, Handler: "sqlite", SQLiteURL: "file:" + t.TempDir() + "/",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = server.Run(ctx) })
	t.Cleanup(func() {
		stop()
		done.Wait()
	})
	u, err := url.Parse(server.MongoDBURI())
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// gate stands between a client and the document server. It can be shut, and it can look at what passes.
type gate struct {
	address string
	shut    atomic.Bool
	// allow sees each piece of what the client sends; false cuts the connection.
	allow func(piece []byte) bool

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newGate(t *testing.T, upstream string, allow func([]byte) bool) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{address: l.Addr().String(), allow: allow, conns: map[net.Conn]bool{}}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() { g.pass(client, upstream) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		g.close()
		done.Wait()
	})
	return g
}

func (g *gate) pass(client net.Conn, upstream string) {
	defer client.Close()
	if g.shut.Load() {
		return
	}
	server, err := net.Dial("tcp", upstream)
	if err != nil {
		return
	}
	defer server.Close()
	g.keep(client, server)
	go func() {
		_, _ = io.Copy(client, server)
		client.Close()
	}()
	piece := make([]byte, 64<<10)
	for {
		n, err := client.Read(piece)
		if err != nil || g.shut.Load() || (g.allow != nil && !g.allow(piece[:n])) {
			return
		}
		if _, err := server.Write(piece[:n]); err != nil {
			return
		}
	}
}

func (g *gate) keep(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		g.conns[c] = true
	}
}

// close shuts the gate and cuts what is open.
func (g *gate) close() {
	g.shut.Store(true)
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		c.Close()
	}
	clear(g.conns)
}

func (g *gate) open() { g.shut.Store(false) }

// connected gives a database of the test's own at an address under a policy.
func connected(t *testing.T, address string, policy resilience.Policy) *documents {
	t.Helper()
	tel := telemetry.Discard("product")
	link, err := resilience.New(tel, "product", "documents", policy)
	if err != nil {
		t.Fatal(err)
	}
	d, err := open(t.Context(), tel, link, boot.Secret(fmt.Sprintf("mongodb://%s/t%x", address, sha256.Sum256([]byte(t.Name())))[:len(address)+27]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(context.Background()); err != nil {
			t.Errorf("close documents: %v", err)
		}
	})
	return d
}

// patientPolicy is the link's own, with so much time that only what the test does makes an operation late.
func patientPolicy(t *testing.T) resilience.Policy {
	t.Helper()
	p, err := links.Policy("product", "documents")
	if err != nil {
		t.Fatal(err)
	}
	p.Deadline, p.AttemptTimeout = 2*time.Minute, time.Minute
	return p
}

func want(code problem.Code, err error) error {
	if got := problem.CodeOf(err); got != code {
		return fmt.Errorf("got %s (%v), want %s", got, err, code)
	}
	return nil
}
