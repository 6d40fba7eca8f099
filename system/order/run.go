package order

import (
	"context"
	"time"

	cartv1 "stormglass/system/api/cart/v1"
	"stormglass/system/api/identity"
	"stormglass/system/api/links"
	orderv1 "stormglass/system/api/order/v1"
	productv1 "stormglass/system/api/product/v1"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/service"
)

// config is what the order service is told by its environment.
type config struct {
	RPC      rpc.Settings
	Database boot.Secret `env:"DATABASE_URL,required"`
	Broker   string      `env:"BROKER_URL,required"`
	User     []string    `env:"USER_ADDRS,required"`
	Cart     []string    `env:"CART_ADDRS,required"`
	Product  []string    `env:"PRODUCT_ADDRS,required"`
	// Patience is how long an order may wait for stock and money before it is cancelled.
	Patience time.Duration `env:"SAGA_DEADLINE" envDefault:"15m"`
	// Look is how often overdue orders are looked for.
	Look time.Duration `env:"SAGA_POLL" envDefault:"500ms"`
}

// Run runs the order service.
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
	cart, err := parts.Neighbour("cart", c.Cart)
	if err != nil {
		return err
	}
	product, err := parts.Neighbour("product", c.Product)
	if err != nil {
		return err
	}
	broker, err := parts.Broker(ctx, c.Broker)
	if err != nil {
		return err
	}
	db, err := parts.Database(ctx, c.Database, migrations(), audit())
	if err != nil {
		return err
	}

	s := &Service{
		tel: rt.Telemetry, db: db,
		carts: carts{cartv1.NewCartServiceClient(cart)}, prices: catalogue{productv1.NewProductServiceClient(product)},
		outbox:   publisher{rt.Telemetry, parts.Outbox(db, broker)},
		watchers: newWatchers(), figures: newFigures(rt.Telemetry), patience: c.Patience, now: time.Now,
	}
	parts.Consume(db, broker, queue, s.handlers())
	rt.Go("deadlines", func(ctx context.Context) error { return s.expire(ctx, c.Look) })

	grpc := rpc.NewServer(rt.Telemetry, verifier)
	orderv1.RegisterOrderServiceServer(grpc, &server{service: s})
	return grpc.Start(rt, c.RPC)
}
