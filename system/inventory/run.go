package inventory

import (
	"context"
	"errors"
	"time"

	"stormglass/system/api/catalogue"
	"stormglass/system/api/identity"
	inventoryv1 "stormglass/system/api/inventory/v1"
	"stormglass/system/api/links"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/service"
)

// config is what the inventory service is told by its environment.
type config struct {
	RPC      rpc.Settings
	Database boot.Secret `env:"DATABASE_URL,required"`
	Broker   string      `env:"BROKER_URL,required"`
	User     []string    `env:"USER_ADDRS,required"`
	// Life is how long a reservation waits for a decision; longer than SAGA_DEADLINE of order.
	Life time.Duration `env:"RESERVATION_LIFE" envDefault:"30m"`
	// Look is how often expired reservations are looked for and the stock is added up.
	Look time.Duration `env:"RESERVATION_POLL" envDefault:"1s"`
}

// Run runs the inventory service.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var c config
	if err := boot.Settings(&c); err != nil {
		return err
	}
	parts := service.New(rt, links.Policy)
	verifier, err := identity.Verifier(parts, c.User)
	if err != nil {
		return err
	}
	broker, err := parts.Broker(ctx, c.Broker)
	if err != nil {
		return err
	}
	db, err := parts.Database(ctx, c.Database, migrations(), audit()...)
	if err != nil {
		return err
	}
	err = parts.Insist(ctx, "seed stock", func(ctx context.Context) error { return seed(ctx, db, catalogue.Products()) })
	if err != nil {
		return err
	}

	s := &Service{
		tel: rt.Telemetry, db: db, outbox: publisher{rt.Telemetry, parts.Outbox(db, broker)}, life: c.Life,
		figures: newFigures(rt.Telemetry), now: time.Now,
	}
	parts.Consume(db, broker, queue, s.handlers())
	rt.Go("stocktaking", func(ctx context.Context) error { return s.takeStock(ctx, c.Look) })

	grpc := rpc.NewServer(rt.Telemetry, verifier)
	inventoryv1.RegisterInventoryServiceServer(grpc, &server{service: s})
	return grpc.Start(rt, c.RPC)
}

// takeStock gives back expired reservations and keeps the gauges of stock, every so often until ctx ends.
func (s *Service) takeStock(ctx context.Context, every time.Duration) error {
	for {
		// What could not be given back is counted all the more.
		if err := errors.Join(s.expire(ctx), s.count(ctx)); err != nil && ctx.Err() == nil {
			s.tel.Log.Warn().Err(err).Msg("no stocktaking")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}
