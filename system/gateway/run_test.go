package gateway

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"stormglass/internal/await"
	"stormglass/system/platform/boot"
)

// environment sets what the gateway needs, with fakes behind it.
func environment(t *testing.T) *fakes {
	t.Helper()
	f, addrs := startFakes(t)
	t.Setenv("HTTP_ADDR", "127.0.0.1:0")
	for name, addr := range addrs {
		t.Setenv(strings.ToUpper(name)+"_ADDRS", addr)
	}
	return f
}

// certificate writes a certificate for 127.0.0.1 and its key, and gives a pool that trusts it.
func certificate(t *testing.T) (certFile, keyFile string, trust *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	trust = x509.NewCertPool()
	trust.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", private), trust
}

// listening gives where the program serves, once it is ready.
func listening(t *testing.T, logs *recorder) (addr string) {
	t.Helper()
	await.True(t, "the gateway is ready", func() bool {
		ready := false
		for line := range strings.Lines(logs.String()) {
			var l struct{ Message, Server, Address string }
			if json.Unmarshal([]byte(line), &l) == nil && l.Message == "listening" && l.Server == "http" {
				addr = l.Address
			}
			ready = ready || l.Message == "ready"
		}
		return ready
	})
	return addr
}

func TestGatewayServesTLSAndStopsInOrderWhileAnOrderIsWatched(t *testing.T) {
	f := environment(t)
	certFile, keyFile, trust := certificate(t)
	t.Setenv("TLS_CERT_FILE", certFile)
	t.Setenv("TLS_KEY_FILE", keyFile)
	logs, code := &recorder{}, make(chan int, 1)
	go func() { code <- boot.Run("gateway", Run, logs, logs) }()
	addr := listening(t, logs)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	d := &desk{t: t, fakes: f}
	get := func(path string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+d.token("u1"))
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 {
			t.Fatalf("%s: got %d", path, resp.StatusCode)
		}
		return resp
	}
	cart := get("/v1/cart")
	cart.Body.Close()
	if cart.ProtoMajor != 2 || cart.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("got %s, headers %v", cart.Proto, cart.Header)
	}
	stream := get("/v1/orders/" + theOrder + "/events")
	defer stream.Body.Close()

	stopped := time.Now()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if told, err := io.ReadAll(stream.Body); err != nil || !strings.Contains(string(told), `"state":"pending"`) {
		t.Errorf("the stream did not end in order: %q, %v", told, err)
	}
	if got := <-code; got != boot.ExitOK {
		t.Errorf("got exit code %d, want 0: %s", got, logs)
	}
	if took := time.Since(stopped); took > 8*time.Second { // a step that hangs takes its ten
		t.Errorf("took %v to stop", took)
	}
}

func TestWrongSettingIsNamedAndEndsTheGateway(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, c := range map[string]struct{ setting, value, want string }{
		"no address of a neighbour": {"ORDER_ADDRS", "", "ORDER_ADDRS"},
		"rate of nothing":           {"RATE_LIMIT_USER", "0", "RATE_LIMIT_USER"},
		"certificate that is none":  {"TLS_CERT", "nonsense", "TLS_CERT"},
		"certificate without a key": {"TLS_KEY", "", "TLS_KEY"},
		"port in use":               {"HTTP_ADDR", busy.Addr().String(), busy.Addr().String()},
		"cache of no size":          {"CACHE_SIZE", "-1", "CACHE_SIZE"},
		"heart that never beats":    {"STREAM_HEARTBEAT", "-1s", "STREAM_HEARTBEAT"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t)
			if name == "certificate without a key" {
				certFile, _, _ := certificate(t)
				t.Setenv("TLS_CERT_FILE", certFile)
			}
			t.Setenv(c.setting, c.value)
			if c.value == "" {
				if err := os.Unsetenv(c.setting); err != nil {
					t.Fatal(err)
				}
			}
			stdout, stderr := &recorder{}, &recorder{}
			if code := boot.Run("gateway", Run, stdout, stderr); code != boot.ExitUsage {
				t.Errorf("got exit code %d, want %d: %s", code, boot.ExitUsage, stderr)
			}
			if !strings.Contains(stderr.String(), c.want) || strings.Contains(stderr.String(), "nonsense") {
				t.Errorf("got %q, want it to name %s and not to show its value", stderr, c.want)
			}
		})
	}
}

func TestNoPhaseOfAConnectionLastsForEver(t *testing.T) {
	s := newServer(zerolog.Nop(), nil)
	for phase, limit := range map[string]time.Duration{"header": s.ReadHeaderTimeout, "request": s.ReadTimeout, "answer": s.WriteTimeout, "rest": s.IdleTimeout} {
		if limit <= 0 || limit > idleLimit {
			t.Errorf("%s: got limit %v", phase, limit)
		}
	}
}

func TestAGatewayThatIsLeavingSendsItsClientsAway(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(zerolog.Nop(), leaving(ctx, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })))
	server.Start()
	defer server.Close()
	for _, last := range []bool{false, false, true, true} {
		if last {
			leave()
		}
		answer, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil || answer.Close != last || answer.StatusCode != http.StatusNoContent {
			t.Errorf("got status %d, %v; the connection is over: %v, want %v", answer.StatusCode, err, answer.Close, last)
		}
	}
}

// Go's server drops what it reads once its shutdown has begun: who came just before must have been served by then.
func TestWhoeverIsInWhenTheGatewayClosesIsServed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(zerolog.Nop(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	in, served := make(chan struct{}, 1), make(chan error, 1)
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			in <- struct{}{}
		}
	}
	go func() { served <- s.Serve(l) }()
	guest, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	<-in
	ctx, hurry := context.WithCancel(t.Context())
	defer hurry()
	over := make(chan error, 1)
	go func() { over <- farewell(ctx, s, l, time.Minute) }()
	<-served // it takes nobody any more
	if late, err := net.Dial("tcp", l.Addr().String()); err == nil {
		late.Close()
		t.Error("somebody was let in after it had closed")
	}
	if _, err := guest.Write([]byte("GET / HTTP/1.1\r\nHost: shop\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(guest), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusNoContent {
		t.Errorf("got status %d, %v", answer.StatusCode, err)
	}
	hurry()
	if err := <-over; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
