package cart

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

const (
	// connections is the most that the pool opens. After as many failed dials in a row the client itself looks only once
	// a second whether the cache is back.
	connections = 32
	dialTimeout = 250 * time.Millisecond
)

// cache is the service's own store, which speaks Redis's protocol. All operations go through the link's policy; the
// client's own retries are off.
type cache struct {
	client   *redis.Client
	link     *resilience.Link
	tracer   trace.Tracer
	duration *prometheus.HistogramVec
}

// connect makes a client of the cache at a URL. It waits for nobody.
func connect(tel *telemetry.Telemetry, link *resilience.Link, url boot.Secret) (*cache, error) {
	options, err := redis.ParseURL(string(url))
	if err != nil { // the error would show the password
		return nil, fmt.Errorf("%w: CACHE_URL: want redis://host:port/number", boot.ErrUsage)
	}
	options.ClientName = tel.Instance
	options.ContextTimeoutEnabled = true
	options.MaxRetries, options.DialerRetries = -1, 1
	options.PoolSize, options.MaxActiveConns = connections, connections
	options.DialTimeout = dialTimeout
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	c := &cache{
		client: redis.NewClient(options), link: link,
		tracer: tel.Tracer("cart"), duration: tel.Histogram(telemetry.DBDuration),
	}
	tel.Registry.MustRegister(newPool(c.client))
	return c, nil
}

// Ping asks for a sign of life, outside the link's policy: for readiness, which must see what is.
func (c *cache) Ping(ctx context.Context) error { return answered(c.client.Ping(ctx).Err()) }

func (c *cache) close(context.Context) error { return c.client.Close() }

// do runs one operation under the link's policy. All of them may be repeated: they are reads, or leave the same cart
// behind however often they run.
func do[T any](ctx context.Context, c *cache, name string, call func(context.Context) (T, error)) (T, error) {
	ctx, finish := c.observe(ctx, name)
	v, err := resilience.Do(ctx, c.link, resilience.Op{Name: name, Retry: true}, func(ctx context.Context) (T, error) {
		v, err := call(ctx)
		return v, answered(err)
	})
	finish(err)
	return v, err
}

// observe measures an operation, and gives it a span when it belongs to a trace.
func (c *cache) observe(ctx context.Context, name string) (context.Context, func(error)) {
	start := time.Now()
	measure := func(err error) {
		telemetry.Observe(ctx, c.duration.WithLabelValues(name, string(problem.CodeOf(err))), time.Since(start).Seconds())
	}
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, measure
	}
	ctx, span := c.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "redis"), attribute.String("db.operation.name", name), attribute.String("peer.service", c.link.Server())))
	return ctx, func(err error) {
		if code := problem.CodeOf(err); code.Outage() || code == problem.Internal {
			span.SetStatus(codes.Error, string(code))
		}
		span.End()
		measure(err)
	}
}

// answered classifies the client's errors: what the server said keeps its meaning, unless it says that it cannot serve. A
// connection that the server refused or broke is Unavailable, also when the time ran out around it.
func answered(err error) error {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled) {
		return err
	}
	if _, ours := errors.AsType[*problem.Error](err); ours {
		return err
	}
	if resilience.Broken(err) {
		return problem.Wrap(err, problem.Unavailable, "", "carts cannot be reached just now")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if network, ok := errors.AsType[net.Error](err); ok && network.Timeout() {
		return problem.Wrap(err, problem.Timeout, "", "carts did not answer in time")
	}
	said, isAnswer := errors.AsType[redis.Error](err)
	if isAnswer && !unable(said.Error()) {
		return err
	}
	return problem.Wrap(err, problem.Unavailable, "", "carts cannot be reached just now")
}

// hushed takes the client's own log lines, which would go to stderr as plain text. What they tell comes back as errors.
type hushed struct{ log zerolog.Logger }

// Printf is what the client calls.
func (h hushed) Printf(ctx context.Context, format string, v ...any) {
	h.log.Debug().Ctx(ctx).Msgf(format, v...)
}

// unable says whether the server's words mean that it cannot serve anybody now: it is starting, or lost its master.
func unable(said string) bool {
	word, _, _ := strings.Cut(said, " ")
	switch word {
	case "LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS":
		return true
	}
	return false
}
