// Package service wires up what nearly every service has: a database of its own, the broker with an outbox and a consumer,
// and neighbours, each behind its link's policy and each with its place in readiness and teardown.
package service

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/store"
)

// Pauses between attempts to reach what a service needs while it starts.
const (
	firstPause   = 20 * time.Millisecond
	longestPause = time.Second
)

// Policies is the table of links: what client and server have agreed on.
type Policies func(client, server string) (resilience.Policy, error)

// Parts makes the parts of one service.
type Parts struct {
	*boot.Runtime
	policies Policies
}

// New begins to wire up a service.
func New(rt *boot.Runtime, policies Policies) Parts { return Parts{rt, policies} }

// Link makes this service's side of the link to a server.
func (p Parts) Link(server string) (*resilience.Link, error) {
	policy, err := p.policies(p.Service, server)
	if err != nil {
		return nil, err
	}
	return resilience.New(p.Telemetry, p.Service, server, policy)
}

// Neighbour makes a client for another service, at one address or several. The service is degraded without it, but ready.
func (p Parts) Neighbour(server string, addrs []string) (*grpc.ClientConn, error) {
	link, err := p.Link(server)
	if err != nil {
		return nil, err
	}
	conn, err := rpc.Dial(p.Telemetry, link, addrs)
	if err != nil {
		return nil, err
	}
	p.OnStop("client of "+server, func(context.Context) error { return conn.Close() })
	p.BeforeReady(server, func(ctx context.Context) error { return rpc.Connect(ctx, conn) })
	p.DegradedWhen(server, func(context.Context) error { return rpc.Connected(conn) })
	return conn, nil
}

// Database opens the service's own database, and waits for it as long as it is away. The service is not ready without it.
// It holds the service's own tables and those of its events; /audit shows what the own tables' queries give, and the events.
func (p Parts) Database(ctx context.Context, url boot.Secret, own store.Migrations, audit ...store.Table) (*store.DB, error) {
	server := p.Service + "-db"
	link, err := p.Link(server)
	if err != nil {
		return nil, err
	}
	db, err := p.open(ctx, link, url, own)
	if err != nil {
		return nil, err
	}
	p.OnStop(server, db.Close)
	p.ReadyWhen(server, db.Ping)
	db.Audit(p.Admin(), p.Service, append(audit, events.AuditTables()...)...)
	return db, nil
}

func (p Parts) open(ctx context.Context, link *resilience.Link, url boot.Secret, own store.Migrations) (db *store.DB, err error) {
	err = p.Insist(ctx, "open database", func(ctx context.Context) error {
		db, err = store.Open(ctx, p.Telemetry, link, string(url), own, events.Migrations())
		return err
	})
	return db, err
}

// Insist does something that a service cannot start without, again and again as long as what it needs is away.
func (p Parts) Insist(ctx context.Context, what string, do func(context.Context) error) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := do(ctx)
		if err == nil || !problem.CodeOf(err).Outage() {
			return err
		}
		p.Log.Info().Err(err).Str("waiting_to", what).Msg("not there yet")
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait to %s: %w", what, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// Broker connects to the broker. The service is degraded without it, but ready.
func (p Parts) Broker(ctx context.Context, url string) (events.Broker, error) {
	link, err := p.Link("broker")
	if err != nil {
		return nil, err
	}
	broker, err := events.Connect(ctx, p.Telemetry, link, url)
	if err != nil {
		return nil, err
	}
	p.OnStop("broker", broker.Close)
	p.DegradedWhen("broker", broker.Ping)
	return broker, nil
}

// Outbox makes the service's outbox and runs its relay.
func (p Parts) Outbox(db *store.DB, broker events.Broker) *events.Outbox {
	outbox := events.NewOutbox(p.Telemetry, db, broker, p.Service)
	p.Go("outbox", outbox.Run)
	return outbox
}

// Consume runs a consumer of a queue with a handler for each type of event.
func (p Parts) Consume(db *store.DB, broker events.Broker, queue string, handlers map[string]events.Handler) {
	p.Go(queue, events.NewConsumer(p.Telemetry, db, broker, events.ConsumerConfig{Queue: queue, Handlers: handlers}).Run)
}
