// Package broker stands in for a message broker: a NATS server with JetStream that writes each message to disk before it
// acknowledges it, so that a kill at any moment loses nothing that a publisher was promised.
package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

// Limits of what the server keeps, in bytes. Stated, because the server would otherwise measure the machine.
const (
	maxStore  = 8 << 30
	maxMemory = 64 << 20
)

// readyTimeout bounds the check after Start, which returns when the port is open.
const readyTimeout = 10 * time.Millisecond

// gcPercent lets the heap grow by half, not to double, between collections. With 20,000 events of 500 bytes, 16 publishers
// and 6 consumers it held 20 MB in place of 32 while publishing, 34 to 47 in place of 46 while consuming, at no
// measurable cost in events per second.
const gcPercent = 50

type settings struct {
	NATS string `env:"NATS_ADDR,required,notEmpty"`
	HTTP string `env:"HTTP_ADDR,required,notEmpty"`
	Data string `env:"DATA,required,notEmpty"`
}

// Run serves NATS until the program stops.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var s settings
	if err := boot.Settings(&s); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	if err := start(rt, s); err != nil {
		return err
	}
	return front.Serve(ctx, rt, s.HTTP, http.NewServeMux())
}

func start(rt *boot.Runtime, s settings) error {
	host, port, err := address(s.NATS)
	if err != nil {
		return err
	}
	if err := front.MustBeFree(s.NATS); err != nil {
		return fmt.Errorf("nats: %w", err)
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: rt.Instance, Host: host, Port: port,
		JetStream: true, StoreDir: s.Data, SyncAlways: true, JetStreamMaxStore: maxStore, JetStreamMaxMemory: maxMemory,
		NoSigs: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		return fmt.Errorf("configure NATS server: %w", err)
	}
	log := &logger{log: rt.Log}
	srv.SetLoggerV2(log, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(readyTimeout) || !srv.JetStreamEnabled() {
		srv.Shutdown()
		return fmt.Errorf("start NATS server on %s with its data in %s: %w", s.NATS, s.Data, log.fatal())
	}
	rt.OnStop("nats", func(context.Context) error {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil
	})
	rt.Log.Info().Str("server", "nats").Str("address", srv.Addr().String()).Msg("listening")
	return nil
}

// address splits host:port; port 0 is any free one, which NATS calls -1.
func address(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("%w: NATS_ADDR %q is not host:port: %w", boot.ErrUsage, addr, err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// logger passes the server's warnings and errors on; its chatter is for debugging.
type logger struct {
	log  zerolog.Logger
	last error
}

var errNotReady = errors.New("it is not ready")

// fatal is why the server could not start, as far as it said. Start reports its own failures before it returns.
func (l *logger) fatal() error {
	if l.last != nil {
		return l.last
	}
	return errNotReady
}

func (l *logger) Noticef(format string, v ...any) { l.log.Debug().Msgf(format, v...) }
func (l *logger) Warnf(format string, v ...any)   { l.log.Warn().Msgf(format, v...) }
func (l *logger) Errorf(format string, v ...any)  { l.log.Error().Msgf(format, v...) }
func (l *logger) Debugf(format string, v ...any)  { l.log.Debug().Msgf(format, v...) }
func (l *logger) Tracef(format string, v ...any)  { l.log.Trace().Msgf(format, v...) }

func (l *logger) Fatalf(format string, v ...any) {
	l.last = fmt.Errorf(format, v...)
	l.log.Error().Msg(l.last.Error())
}
