package store_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"stormglass/internal/await"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// cable is a TCP connection to PostgreSQL that can be cut.
type cable struct {
	listener net.Listener
	server   string
	wg       sync.WaitGroup
	// cutAfter is what the client says last: once the server has answered it, the answer is lost with the connection.
	cutAfter atomic.Pointer[[]byte]
	// cutBefore is what never reaches the server.
	cutBefore atomic.Pointer[[]byte]
	begins    atomic.Int64
}

// wired opens a PostgreSQL database over a cable.
func wired(t *testing.T, link *resilience.Link) (*store.DB, *cable) {
	u, err := url.Parse(storetest.Postgres(t))
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	c := &cable{listener: l, server: u.Host}
	c.wg.Go(c.accept)
	u.Host = l.Addr().String()
	db, err := store.Open(t.Context(), telemetry.Discard("bank"), link, u.String(), accounts)
	must(t, err)
	t.Cleanup(func() {
		must(t, db.Close(context.Background()))
		l.Close()
		c.wg.Wait()
	})
	seed(t, db)
	c.begins.Store(0)
	return db, c
}

func (c *cable) accept() {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", c.server)
		if err != nil {
			client.Close()
			continue
		}
		cut := new(atomic.Bool)
		c.wg.Go(func() { c.requests(client, server, cut) })
		c.wg.Go(func() { answers(client, server, cut) })
	}
}

func (c *cable) requests(client, server net.Conn, cut *atomic.Bool) {
	defer client.Close()
	defer server.Close()
	for buffer := make([]byte, 4096); ; {
		n, err := client.Read(buffer)
		said := buffer[:n]
		if bytes.Contains(said, []byte("BEGIN ISOLATION LEVEL SERIALIZABLE")) {
			c.begins.Add(1)
		}
		if last := c.cutBefore.Load(); last != nil && bytes.Contains(said, *last) {
			return
		}
		if last := c.cutAfter.Load(); last != nil && bytes.Contains(said, *last) {
			cut.Store(true)
		}
		if _, failed := server.Write(said); err != nil || failed != nil {
			return
		}
	}
}

func answers(client, server net.Conn, cut *atomic.Bool) {
	defer client.Close()
	defer server.Close()
	for buffer := make([]byte, 4096); ; {
		n, err := server.Read(buffer)
		if err != nil || cut.Load() {
			return
		}
		if _, err := io.Copy(client, bytes.NewReader(buffer[:n])); err != nil {
			return
		}
	}
}

func TestPostgresALostAnswerToTheCommitIsUnknownAndNeverRetried(t *testing.T) {
	commit := []byte("COMMIT\x00")
	for name, c := range map[string]struct {
		cut  func(*cable) *atomic.Pointer[[]byte]
		want int64
	}{
		"it happened":      {func(c *cable) *atomic.Pointer[[]byte] { return &c.cutAfter }, 111},
		"it never arrived": {func(c *cable) *atomic.Pointer[[]byte] { return &c.cutBefore }, 100},
	} {
		t.Run(name, func(t *testing.T) {
			db, wire := wired(t, newLink(t, patient))
			c.cut(wire).Store(&commit)
			err := db.InTx(t.Context(), "deposit", depositEleven)
			if problem.CodeOf(err) != problem.Unknown || problem.ReasonOf(err) != "commit_unknown" {
				t.Errorf("got %v, want %v with reason commit_unknown", err, problem.Unknown)
			}
			if got := wire.begins.Load(); got != 1 {
				t.Errorf("the server saw %d attempts, want 1", got)
			}
			c.cut(wire).Store(nil)
			if got := balance(t, db, "ann"); got != c.want {
				t.Errorf("balance is %d, want %d", got, c.want)
			}
		})
	}
}

func TestPostgresAttemptsOnTheWireAreThoseOfThePolicy(t *testing.T) {
	for _, statement := range []string{"BEGIN ISOLATION LEVEL SERIALIZABLE", "UPDATE accounts"} {
		t.Run(statement, func(t *testing.T) {
			db, c := wired(t, newLink(t, patient))
			cut := []byte(statement)
			c.cutBefore.Store(&cut)
			err := db.InTx(t.Context(), "deposit", depositEleven)
			if got := problem.CodeOf(err); got != problem.Unavailable {
				t.Errorf("got %v (%v), want %v", got, err, problem.Unavailable)
			}
			if got, want := c.begins.Load(), int64(patient.Attempts); got != want {
				t.Errorf("the server saw %d attempts, the policy allows %d", got, want)
			}
			c.cutBefore.Store(nil)
			must(t, db.InTx(t.Context(), "deposit", depositEleven))
			if got := balance(t, db, "ann"); got != 111 {
				t.Errorf("balance is %d, want 111", got)
			}
		})
	}
}

func TestAPostgresConnectionThatWasTerminatedIsReplaced(t *testing.T) {
	url := storetest.Postgres(t)
	db, other := storetest.Open(t, url+"&max_conns=1", accounts), storetest.Open(t, url)
	seed(t, db)
	var pid int64
	must(t, db.Read(t.Context(), "who", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid)
	}))
	must(t, other.InTx(t.Context(), "terminate", func(ctx context.Context, tx *store.Tx) error {
		var done bool
		return tx.QueryRow(ctx, "SELECT pg_terminate_backend($1)", pid).Scan(&done)
	}))
	await.NoError(t, func() error { return db.InTx(t.Context(), "deposit", depositEleven) })
	if got := balance(t, db, "ann"); got != 111 {
		t.Errorf("balance is %d, want 111", got)
	}
}
