// Package rpc is how services call each other: gRPC servers and clients that all carry the same things (trace, deadline,
// caller, correlation id, identity), count the same things, speak of errors in the same way, and, on the client's side,
// go through the link's resilience policy.
package rpc

import (
	"context"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/stats"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

const (
	// maxClients bounds the label `client`: the name comes over the wire.
	maxClients = 32
	// handshakeLimit is how long a new connection may stay silent. A server that stops must wait for it.
	handshakeLimit = 2 * time.Second
	// finishLimit is how long open calls, and connections on which nobody reacts, hold up a server that stops.
	finishLimit = 3 * time.Second
)

// Settings are those of every gRPC server.
type Settings struct {
	// Addr is where the server listens, such as 127.0.0.1:9000.
	Addr string `env:"GRPC_ADDR,required"`
	// Reflection lets grpcurl list the services.
	Reflection bool `env:"GRPC_REFLECTION" envDefault:"false"`
}

// Server is a gRPC server with everything around it.
type Server struct {
	*grpc.Server
	tel      *telemetry.Telemetry
	verifier *auth.Verifier
	health   *health.Server
	duration *prometheus.HistogramVec
	open     atomic.Int64 // calls that are being served
	// streams end with this context, because by themselves they would last as long as what they tell of.
	streams    context.Context
	endStreams context.CancelFunc

	mu      sync.Mutex
	clients map[string]bool
}

// NewServer makes a server; register services on it, then Start it. A nil verifier serves no identities.
func NewServer(tel *telemetry.Telemetry, verifier *auth.Verifier) *Server {
	s := &Server{tel: tel, verifier: verifier, health: health.NewServer(), duration: tel.Histogram(telemetry.RPCServerDuration), clients: map[string]bool{}}
	s.streams, s.endStreams = context.WithCancel(context.Background())
	s.Server = grpc.NewServer(
		grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(tel.Provider), otelgrpc.WithPropagators(tel.Propagator),
			otelgrpc.WithMeterProvider(noop.NewMeterProvider()), otelgrpc.WithFilter(notHealth))),
		grpc.ChainUnaryInterceptor(s.unary),
		grpc.ChainStreamInterceptor(s.stream),
		grpc.ConnectionTimeout(handshakeLimit),
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connWindow),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	healthv1.RegisterHealthServer(s.Server, s.health)
	return s
}

func notHealth(info *stats.RPCTagInfo) bool {
	return info.FullMethodName != healthv1.Health_Check_FullMethodName && info.FullMethodName != healthv1.Health_Watch_FullMethodName
}

// Start listens and serves until the program's teardown, which lets open calls finish.
func (s *Server) Start(rt *boot.Runtime, settings Settings) error {
	if settings.Reflection {
		reflection.Register(s.Server)
	}
	l, err := boot.Listen(settings.Addr)
	if err != nil {
		return fmt.Errorf("grpc: %w", err)
	}
	rt.Serve("grpc", l, func(l net.Listener) error { return s.Serve(l) }, s.stop)
	return nil
}

// stop lets open calls finish and ends streams, whose clients turn to another instance. What does not end in time is cut
// off; that is an error when it was a call, and none when it was only a client who did not react.
func (s *Server) stop(ctx context.Context) error {
	s.health.Shutdown()
	s.endStreams()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.GracefulStop()
	}()
	limited, cancel := context.WithTimeout(ctx, finishLimit)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-limited.Done():
	}
	open := s.open.Load()
	go s.Stop() // ends GracefulStop too
	select {
	case <-done:
	case <-ctx.Done():
	}
	if open > 0 {
		return fmt.Errorf("finish open calls: %d were cut off", open)
	}
	return nil
}

func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (resp any, err error) {
	call := s.begin(ctx, info.FullMethod)
	defer func() { err = call.end(recover(), err) }()
	if err := call.identify(); err != nil {
		return nil, err
	}
	return handle(call.ctx, req)
}

func (s *Server) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	defer context.AfterFunc(s.streams, cancel)()
	call := s.begin(ctx, info.FullMethod)
	defer func() { err = call.end(recover(), err) }()
	if err := call.identify(); err != nil {
		return err
	}
	return handle(srv, &streamWith{stream, call.ctx})
}

// streamWith is a stream whose context knows the caller.
type streamWith struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *streamWith) Context() context.Context { return s.ctx }

// call is one call that is being served.
type call struct {
	server *Server
	ctx    context.Context
	method string
	from   incoming
	start  time.Time
}

func (s *Server) begin(ctx context.Context, method string) *call {
	s.open.Add(1)
	c := &call{server: s, ctx: ctx, method: method, from: incomingOf(ctx), start: time.Now()}
	if c.from.correlation != "" {
		c.ctx = telemetry.WithCorrelation(ctx, c.from.correlation)
	}
	return c
}

// identify puts the caller's verified identity into the context. A call without a token goes on without one; the use
// case asks for it where it needs it.
func (c *call) identify() error {
	if c.from.token == "" || c.server.verifier == nil {
		return nil
	}
	i, err := c.server.verifier.Verify(c.ctx, c.from.token)
	if err == nil {
		c.ctx = auth.With(c.ctx, i)
	}
	return err
}

// end counts the call, logs what went wrong, and gives the error in its form for the wire.
func (c *call) end(panicked any, err error) error {
	c.server.open.Add(-1)
	if panicked != nil {
		err = problem.Wrap(fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()), problem.Internal, "", "something went wrong on our side")
	}
	code := codes.OK
	if err != nil {
		p := problem.As(err)
		code = p.Code.GRPC()
		c.log(err, p.Code)
		err = toStatus(p)
	}
	telemetry.Observe(c.ctx, c.server.duration.WithLabelValues(c.method, code.String(), c.server.client(c.from.client)), time.Since(c.start).Seconds())
	return err
}

func (c *call) log(err error, code problem.Code) {
	event := c.server.tel.Log.Debug()
	if code == problem.Internal {
		event = c.server.tel.Log.Error()
	} else if code.Outage() {
		event = c.server.tel.Log.Warn()
	}
	event.Ctx(c.ctx).Err(err).Str("method", c.method).Str("client", c.from.client).Msg("call failed")
}

// client bounds the label's values.
func (s *Server) client(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.clients[name] {
		if len(s.clients) >= maxClients {
			return "other"
		}
		s.clients[name] = true
	}
	return name
}
