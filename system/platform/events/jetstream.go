package events

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// How quickly a lost JetStream is noticed and found again.
const (
	pingEvery     = 2 * time.Second
	reconnectWait = 100 * time.Millisecond
	dialTimeout   = time.Second
	// apiTimeout bounds one question to the broker's management.
	apiTimeout = 2 * time.Second
)

// jetStream is the Broker on NATS JetStream.
type jetStream struct {
	tel  *telemetry.Telemetry
	link *resilience.Link
	conn *nats.Conn
	js   jetstream.JetStream
	sent *prometheus.CounterVec

	mu sync.Mutex
	// lost is closed when the connection breaks, to wake those who wait for an answer over it.
	lost chan struct{}
}

func connectJetStream(_ context.Context, tel *telemetry.Telemetry, link *resilience.Link, url string) (Broker, error) {
	b := &jetStream{tel: tel, link: link, sent: tel.Counter(telemetry.EventsPublished), lost: make(chan struct{})}
	conn, err := nats.Connect(url,
		nats.Name(tel.Instance),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait/2, reconnectWait/2),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2),
		nats.Timeout(dialTimeout), nats.FlusherTimeout(pingEvery),
		// The address that we were given may be a proxy's; what the server says of itself would lead past it.
		nats.IgnoreDiscoveredServers(),
		nats.DisconnectErrHandler(b.disconnected), nats.ReconnectHandler(b.connected), nats.ConnectHandler(b.connected),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			tel.Log.Warn().Err(err).Msg("broker reports an error")
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to broker: %w", err)
	}
	b.conn = conn
	b.js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(apiTimeout))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	return b, nil
}

func (b *jetStream) connected(c *nats.Conn) {
	b.tel.Log.Info().Str("broker", c.ConnectedUrlRedacted()).Msg("broker connected")
}

func (b *jetStream) disconnected(_ *nats.Conn, err error) {
	b.tel.Log.Warn().Err(err).Msg("broker lost")
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.lost)
	b.lost = make(chan struct{})
}

// live gives a channel that closes when the present connection breaks, or says that there is none.
func (b *jetStream) live() (<-chan struct{}, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.conn.IsConnected() {
		return nil, errAway
	}
	return b.lost, nil
}

var errAway = problem.New(problem.Unavailable, "broker_away", "the broker cannot be reached")

func (b *jetStream) Ping(ctx context.Context) error {
	if _, err := b.live(); err != nil {
		return err
	}
	_, err := b.js.AccountInfo(ctx)
	return brokerError("ping", err)
}

func (b *jetStream) Close(context.Context) error {
	b.conn.Close()
	return nil
}

// brokenOff is the error of a request whose answer did not come in time: when the connection was lost meanwhile, that is
// why. What was asked for may have happened.
func brokenOff(lost <-chan struct{}, err error) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	select {
	case <-lost:
		return problem.Wrap(err, problem.Unavailable, "broker_away", "the connection to the broker broke before it answered")
	default:
		return err
	}
}

// brokerError tells what the broker's answer means: a refusal of this one request, or that the broker is away. Context
// errors keep their meaning.
func brokerError(verb string, err error) error {
	if err == nil {
		return nil
	}
	if problem.CodeOf(err) != problem.Internal {
		return fmt.Errorf("%s at broker: %w", verb, err)
	}
	if errors.Is(err, nats.ErrTimeout) {
		return problem.Wrap(err, problem.Timeout, "broker_late", "the broker did not %s in time", verb)
	}
	api, answered := errors.AsType[*jetstream.APIError](err)
	if answered && api.Code >= 400 && api.Code < 500 || errors.Is(err, nats.ErrMaxPayload) {
		return problem.Wrap(err, problem.Invalid, "broker_refused", "the broker refused to %s", verb)
	}
	return problem.Wrap(err, problem.Unavailable, "broker_away", "the broker cannot %s now", verb)
}
