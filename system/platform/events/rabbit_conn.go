package events

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/rs/zerolog"

	"stormglass/system/platform/problem"
)

// How quickly a lost RabbitMQ is noticed and found again. With this heartbeat the server speaks at least once a second.
const (
	heartbeat = 2 * time.Second
	// silence is how long a connection may be quiet, or take none of our bytes, before it counts as lost.
	silence      = 3 * time.Second
	firstRedial  = 50 * time.Millisecond
	lastRedial   = time.Second
	farewellTime = time.Second
)

// rabbitConn is a connection to RabbitMQ that is made again whenever it is lost. The client library can do that too, but
// only as an experiment.
type rabbitConn struct {
	url, name string
	log       zerolog.Logger
	ctx       context.Context // ends with the connection's use
	stop      context.CancelFunc
	// work are the goroutine that keeps the connection, and the calls over it that nobody waits for any more.
	work sync.WaitGroup
	// tried is closed once there was a first attempt to connect.
	tried chan struct{}

	mu      sync.Mutex
	conn    *amqp.Connection // nil while there is none
	blocked string           // why the server takes nothing from us now; "" while it does
}

// newRabbitConn begins to connect; name is what the server's tools call the connection.
func newRabbitConn(log zerolog.Logger, url, name string) *rabbitConn {
	c := &rabbitConn{url: url, name: name, log: log.With().Str("connection", name).Logger(), tried: make(chan struct{})}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.work.Go(c.keep)
	return c
}

// keep connects, and connects again after each loss, until stop.
func (c *rabbitConn) keep() {
	first := sync.OnceFunc(func() { close(c.tried) })
	defer first()
	for pause := firstRedial; c.ctx.Err() == nil; {
		conn, err := c.dial()
		if err == nil {
			pause = firstRedial
			c.hold(conn, first)
			continue
		}
		first()
		if pause == firstRedial && c.ctx.Err() == nil {
			c.log.Warn().Err(err).Msg("broker cannot be reached")
		}
		wait := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-wait.C:
		case <-c.ctx.Done():
		}
		wait.Stop()
		pause = min(2*pause, lastRedial)
	}
}

func (c *rabbitConn) dial() (*amqp.Connection, error) {
	var raw net.Conn
	conn, err := amqp.DialConfig(c.url, amqp.Config{
		Heartbeat: heartbeat, Properties: amqp.Table{"connection_name": c.name, "product": "stormglass"},
		Dial: func(network, address string) (net.Conn, error) {
			d := net.Dialer{Timeout: dialTimeout}
			dialed, err := d.DialContext(c.ctx, network, address)
			if err == nil {
				raw = talking{dialed}
			}
			return raw, err
		},
	})
	if err != nil && raw != nil {
		raw.Close() // the library leaves it open after a handshake that failed
	}
	return conn, err
}

// hold keeps a connection until it is lost or stop; it calls ready once the connection can be used.
func (c *rabbitConn) hold(conn *amqp.Connection, ready func()) {
	lost := conn.NotifyClose(make(chan *amqp.Error, 1))
	blocked := conn.NotifyBlocked(make(chan amqp.Blocking, 8))
	c.set(conn, "")
	ready()
	c.log.Info().Str("broker", conn.RemoteAddr().String()).Msg("broker connected")
	defer c.set(nil, "")
	for {
		select {
		case b, ok := <-blocked:
			if !ok {
				blocked = nil // closed with the connection
				continue
			}
			c.log.Warn().Bool("blocked", b.Active).Str("reason", b.Reason).Msg("broker is short of memory or disk")
			c.set(conn, b.Reason)
		case err := <-lost:
			c.log.Warn().AnErr("error", asError(err)).Msg("broker lost")
			return
		case <-c.ctx.Done():
			_ = conn.CloseDeadline(time.Now().Add(farewellTime)) // what was not settled comes again in any case
			return
		}
	}
}

func (c *rabbitConn) set(conn *amqp.Connection, blocked string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.blocked = conn, blocked
}

// settled waits until there was a first attempt to connect, but not long.
func (c *rabbitConn) settled(ctx context.Context) {
	limit := time.NewTimer(dialTimeout)
	defer limit.Stop()
	select {
	case <-c.tried:
	case <-limit.C:
	case <-ctx.Done():
	}
}

// live gives the present connection, or says that there is none.
func (c *rabbitConn) live() (*amqp.Connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.conn == nil || c.conn.IsClosed():
		return nil, errAway
	case c.blocked != "":
		return nil, problem.New(problem.Unavailable, "broker_blocked", "the broker takes nothing now: %s", c.blocked)
	}
	return c.conn, nil
}

// during runs a call over the present connection and waits for it until ctx ends. The client library knows no contexts: a
// call that nobody waits for any more ends by itself, at the latest when the connection is lost to its silence.
func (c *rabbitConn) during(ctx context.Context, call func(conn *amqp.Connection) error) error {
	conn, err := c.live()
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	c.spawn(func() { done <- call(conn) })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ctx.Done():
		return errAway
	}
}

// spawn runs work of the connection, which close waits for; after close it does nothing.
func (c *rabbitConn) spawn(work func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() == nil {
		c.work.Go(work)
	}
}

func (c *rabbitConn) close() {
	c.mu.Lock()
	c.stop()
	c.mu.Unlock()
	c.work.Wait()
}

// talking is a connection on which every read and write must get on within the silence. Heartbeats alone do not see to
// that: the library first looks out for them when it has heard something, and never for writes. It also sets deadlines
// itself, but later ones.
type talking struct{ net.Conn }

func (t talking) Read(b []byte) (int, error) {
	if err := t.Conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return t.Conn.Read(b)
}

func (t talking) Write(b []byte) (int, error) {
	if err := t.Conn.SetWriteDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return t.Conn.Write(b)
}

// SetReadDeadline does nothing, see Read.
func (t talking) SetReadDeadline(time.Time) error { return nil }

// asError keeps a nil of the library's type from looking like an error.
func asError(err *amqp.Error) error {
	if err == nil {
		return nil
	}
	return err
}
