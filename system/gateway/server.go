package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"stormglass/system/platform/boot"
)

// serverSettings are those of the public port.
type serverSettings struct {
	// Addr is where the gateway listens, such as 0.0.0.0:8443.
	Addr string `env:"HTTP_ADDR,required"`
	// Certificate and Key switch TLS on: PEM, usually as files (TLS_CERT_FILE, TLS_KEY_FILE).
	Certificate boot.Secret `env:"TLS_CERT"`
	Key         boot.Secret `env:"TLS_KEY"`
}

// Times in which a slow client holds a connection at most.
const (
	headerLimit = 5 * time.Second
	// readLimit is for the whole request, also a body that nobody wants.
	readLimit   = 10 * time.Second
	answerLimit = 30 * time.Second // event streams extend it with each event
	idleLimit   = 2 * time.Minute
	// lingerLimit is how long a gateway that has drained goes on serving who is there already.
	lingerLimit = 500 * time.Millisecond
	// largestHeader is in bytes.
	largestHeader = 32 << 10
)

// start listens and serves until the program's teardown, which lets open requests finish. ctx ends when the program is asked
// to stop.
func (s serverSettings) start(ctx context.Context, rt *boot.Runtime, h http.Handler) error {
	secure, err := s.tls()
	if err != nil {
		return err
	}
	l, err := boot.Listen(s.Addr)
	if err != nil {
		return fmt.Errorf("http: %w", err)
	}
	server := newServer(rt.Log, leaving(ctx, h))
	server.TLSConfig = secure
	serve := server.Serve
	if secure != nil {
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	rt.Serve("http", l, serve, func(ctx context.Context) error { return farewell(ctx, server, l, min(rt.Drain, lingerLimit)) })
	return nil
}

// farewell shuts a server down. A request that net/http reads after that is dropped without an answer, so nobody is let in
// for some time before, in which the last who came are served.
func farewell(ctx context.Context, s *http.Server, l net.Listener, linger time.Duration) error {
	if linger > 0 {
		_ = l.Close()
		select {
		case <-time.After(linger):
		case <-ctx.Done():
		}
	}
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

// leaving sends clients away once ctx has ended: with each answer goes the word that its connection is over. What is cut
// at last has been idle since then; otherwise a request may be on its way on a connection that is just being cut.
func leaving(ctx context.Context, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx.Err() != nil {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// newServer makes a server on which no phase of a connection lasts for ever.
func newServer(log zerolog.Logger, h http.Handler) *http.Server {
	s := &http.Server{
		Handler: h, ErrorLog: stdlog.New(connectionLog{log}, "", 0), MaxHeaderBytes: largestHeader,
		ReadHeaderTimeout: headerLimit, ReadTimeout: readLimit, WriteTimeout: answerLimit, IdleTimeout: idleLimit,
	}
	boot.CloseSilent(s)
	return s
}

// connectionLog takes what net/http says of single connections, such as a handshake that failed.
type connectionLog struct{ zerolog.Logger }

func (l connectionLog) Write(text []byte) (int, error) {
	l.Debug().Bytes("said", bytes.TrimSpace(text)).Msg("connection failed")
	return len(text), nil
}

// tls gives the server's TLS, or nil without a certificate.
func (s serverSettings) tls() (*tls.Config, error) {
	if s.Certificate == "" && s.Key == "" {
		return nil, nil
	}
	pair, err := tls.X509KeyPair([]byte(s.Certificate), []byte(s.Key))
	if err != nil {
		return nil, fmt.Errorf("%w: settings TLS_CERT and TLS_KEY: %w", boot.ErrUsage, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
