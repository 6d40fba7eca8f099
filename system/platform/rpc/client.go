package rpc

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// connect keeps attempts to reconnect close together: the default grows to two minutes, and no breaker could close in
// time.
var connect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
	MinConnectTimeout: time.Second,
}

// Flow-control windows in bytes, fixed: the library would otherwise find the best ones for long distances by pings, one
// there and one back with almost every call. Our messages are a few KiB.
const (
	streamWindow = 256 << 10
	connWindow   = 1 << 20
)

// Dial makes a client for a neighbour with one address or several, over which calls are balanced. Every unary call goes
// through the link's policy; only methods whose contract gives them an idempotency_level are ever repeated. Dial does
// not wait for the neighbour.
func Dial(tel *telemetry.Telemetry, link *resilience.Link, addrs []string) (*grpc.ClientConn, error) {
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%w: dial %s: no address is set", boot.ErrUsage, link.Name())
	}
	c := &client{tel: tel, link: link, retry: retryable}
	return grpc.NewClient("instances:///"+link.Server(),
		grpc.WithResolvers(instances(addrs)),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(),
		grpc.WithConnectParams(connect),
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connWindow),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 2 * time.Second, PermitWithoutStream: true}),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(tel.Provider), otelgrpc.WithPropagators(tel.Propagator),
			otelgrpc.WithMeterProvider(noop.NewMeterProvider()), otelgrpc.WithFilter(notHealth))),
		grpc.WithUnaryInterceptor(c.unary),
		grpc.WithStreamInterceptor(c.stream),
	)
}

// instances resolves to a fixed list of addresses.
func instances(addrs []string) resolver.Builder {
	b := manual.NewBuilderWithScheme("instances")
	state := resolver.State{}
	for _, a := range addrs {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: a}}})
	}
	b.InitialState(state)
	return b
}

type client struct {
	tel   *telemetry.Telemetry
	link  *resilience.Link
	retry func(method string) bool
}

func (c *client) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	op := resilience.Op{Name: method, Retry: c.retry(method)}
	_, err := resilience.Do(ctx, c.link, op, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, fromStatus(ctx, c.link.Server(), invoke(outgoing(ctx, c.tel.Service), method, req, reply, cc, opts...))
	})
	return err
}

// stream opens a stream. It is not repeated, and an open stream has no deadline but its caller's; whoever reads it decides
// what to do when it breaks.
func (c *client) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := open(outgoing(ctx, c.tel.Service), desc, cc, method, opts...)
	if err != nil {
		return nil, fromStatus(ctx, c.link.Server(), err)
	}
	return &clientStream{s, ctx, c.link.Server()}, nil
}

type clientStream struct {
	grpc.ClientStream
	ctx    context.Context
	server string
}

func (s *clientStream) RecvMsg(m any) error {
	return fromStatus(s.ctx, s.server, s.ClientStream.RecvMsg(m))
}

// Connect connects now instead of at the first call, and waits until one instance has answered or ctx ends.
func Connect(ctx context.Context, conn *grpc.ClientConn) error {
	conn.Connect()
	for {
		state := conn.GetState()
		if state == connectivity.Ready {
			return nil
		}
		if !conn.WaitForStateChange(ctx, state) {
			return fmt.Errorf("connection is %s: %w", state, ctx.Err())
		}
	}
}

// Connected reports a neighbour none of whose instances answers.
func Connected(conn *grpc.ClientConn) error {
	if state := conn.GetState(); state == connectivity.TransientFailure || state == connectivity.Connecting {
		return fmt.Errorf("connection is %s", state)
	}
	return nil
}
