package eventstest

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"stormglass/internal/ports/portstest"
	"stormglass/system/platform/events"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// startTimeout bounds the start of a server. It takes a few milliseconds, and much longer on a busy machine.
const startTimeout = 90 * time.Second

// Server is a NATS server with JetStream in this process, which writes each message to disk before it confirms it. It
// can be stopped and started again on the same port, with its data or without.
type Server struct {
	tb   testing.TB
	port int
	dir  string
	nats *server.Server
}

// StartServer starts a server that ends with the test.
func StartServer(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{tb: tb, port: freePort(tb), dir: tb.TempDir()}
	s.Start()
	tb.Cleanup(s.Stop)
	return s
}

// Start starts the server, again after Stop.
func (s *Server) Start() {
	s.tb.Helper()
	nats, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: s.port, NoSigs: true, NoLog: true,
		JetStream: true, SyncAlways: true, StoreDir: s.dir, JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 64 << 20,
	})
	if err != nil {
		s.tb.Fatalf("configure NATS server: %v", err)
	}
	nats.Start()
	if !nats.ReadyForConnections(startTimeout) {
		nats.Shutdown()
		s.tb.Fatal("the NATS server did not start")
	}
	s.nats = nats
}

// freePort is where the server listens, each time that it starts.
func freePort(tb testing.TB) int {
	tb.Helper()
	addr, err := netip.ParseAddrPort(portstest.Free(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return int(addr.Port())
}

// Stop stops the server; its data stays.
func (s *Server) Stop() {
	if s.nats != nil {
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
		s.nats = nil
	}
}

// Wipe makes the next Start find no data.
func (s *Server) Wipe() { s.dir = s.tb.TempDir() }

// URL is where the server listens.
func (s *Server) URL() string { return s.address().String() }

func (s *Server) address() *url.URL {
	return &url.URL{Scheme: "nats", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))}
}

// Connect gives a broker on the server, under the policy of Link. It is closed when the test ends.
func (s *Server) Connect() events.Broker { return Connect(s.tb, telemetry.Discard("test"), s.URL()) }

// Connect gives the broker at a URL, under the policy of Link. It is closed when the test ends.
func Connect(tb testing.TB, tel *telemetry.Telemetry, url string) events.Broker {
	tb.Helper()
	b, err := events.Connect(context.Background(), tel, Link(tb, tel), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			tb.Errorf("close broker: %v", err)
		}
	})
	return b
}

// Link gives a link to a broker with a policy for tests: short, and without a breaker.
func Link(tb testing.TB, tel *telemetry.Telemetry) *resilience.Link {
	tb.Helper()
	l, err := resilience.New(tel, tel.Service, "broker", resilience.Policy{
		Deadline: 5 * time.Second, AttemptTimeout: 3 * time.Second, Attempts: 1,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// patience bounds each wait. It is many times what anything takes, so that no busy machine makes a test fail.
const patience = 2 * time.Minute

// WaitFor polls until check gives nil, and fails the test with its last error after two minutes.
func WaitFor(tb testing.TB, check func() error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatalf("after %v: %v", patience, err)
		}
	}
}
