package product

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

const (
	// connections is the most that the pool opens.
	connections = 16
	// lookEvery is how often the driver looks whether the server is there; it takes nothing shorter. It bounds how long
	// an outage is noticed after its end.
	lookEvery = 500 * time.Millisecond
	// connectTimeout bounds one connection attempt, and how long a silent server seems to be there.
	connectTimeout = time.Second
)

// documents is the service's own database, which speaks MongoDB's protocol. All operations go through the link's policy;
// the driver's own retries are off.
type documents struct {
	client   *mongo.Client
	database *mongo.Database
	link     *resilience.Link
	tracer   trace.Tracer
	duration *prometheus.HistogramVec
}

// connect makes a client of the database at a URL. It waits for nobody.
func connect(tel *telemetry.Telemetry, link *resilience.Link, url boot.Secret) (*documents, error) {
	parsed, err := connstring.ParseAndValidate(string(url))
	if err != nil || parsed.Database == "" { // the error would show the password
		return nil, fmt.Errorf("%w: DOCUMENTS_URL: want mongodb://host:port/database", boot.ErrUsage)
	}
	client, err := mongo.Connect(options.Client().ApplyURI(string(url)).
		SetAppName(tel.Instance).SetRetryReads(false).SetRetryWrites(false).
		SetMaxPoolSize(connections).SetPoolMonitor(newPool(tel).monitor()).
		SetConnectTimeout(connectTimeout).SetServerSelectionTimeout(connectTimeout).
		SetHeartbeatInterval(lookEvery).SetServerMonitoringMode(options.ServerMonitoringModePoll))
	if err != nil {
		return nil, fmt.Errorf("make client of the documents: %w", err)
	}
	return &documents{
		client: client, database: client.Database(parsed.Database), link: link,
		tracer: tel.Tracer("product"), duration: tel.Histogram(telemetry.DBDuration),
	}, nil
}

// Ping asks for a sign of life, outside the link's policy: for readiness, which must see what is.
func (d *documents) Ping(ctx context.Context) error {
	return answered(d.client.Ping(ctx, nil))
}

func (d *documents) close(ctx context.Context) error { return d.client.Disconnect(ctx) }

// do runs one operation under the link's policy. All of them may be repeated: they are reads, or leave the same
// behind however often they run.
func do[T any](ctx context.Context, d *documents, name string, call func(context.Context) (T, error)) (T, error) {
	ctx, finish := d.observe(ctx, name)
	v, err := resilience.Do(ctx, d.link, resilience.Op{Name: name, Retry: true}, understood(call))
	finish(err)
	return v, err
}

// doOr is do with an answer of second choice for when the documents are away.
func doOr[T any](ctx context.Context, d *documents, name string, call func(context.Context) (T, error), instead func(context.Context, error) (T, error)) (T, error) {
	ctx, finish := d.observe(ctx, name)
	var away error
	v, err := resilience.DoOr(ctx, d.link, resilience.Op{Name: name, Retry: true}, understood(call), func(ctx context.Context, err error) (T, error) {
		away = err
		return instead(ctx, err)
	})
	finish(cmp.Or(away, err))
	return v, err
}

func understood[T any](call func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		v, err := call(ctx)
		return v, answered(err)
	}
}

// observe measures an operation by what the documents said, and gives it a span when it belongs to a trace.
func (d *documents) observe(ctx context.Context, name string) (context.Context, func(said error)) {
	start := time.Now()
	measure := func(said error) {
		telemetry.Observe(ctx, d.duration.WithLabelValues(name, string(problem.CodeOf(said))), time.Since(start).Seconds())
	}
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, measure
	}
	ctx, span := d.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.system.name", "mongodb"), attribute.String("db.operation.name", name), attribute.String("peer.service", d.link.Server())))
	return ctx, func(said error) {
		if code := problem.CodeOf(said); code.Outage() || code == problem.Internal {
			span.SetStatus(codes.Error, string(code))
		}
		span.End()
		measure(said)
	}
}
