package shipping

import (
	"context"
	"time"

	"stormglass/system/api/identity"
	"stormglass/system/api/links"
	shippingv1 "stormglass/system/api/shipping/v1"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/service"
	"stormglass/system/platform/work"
)

// bookings is the backlog of shipments that something must be done about.
const bookings = "shipping.bookings"

// config is what the shipping service is told by its environment.
type config struct {
	RPC      rpc.Settings
	Database boot.Secret `env:"DATABASE_URL,required"`
	Broker   string      `env:"BROKER_URL,required"`
	User     []string    `env:"USER_ADDRS,required"`
	Carrier  string      `env:"CARRIER_URL,required"`
	// Bookings is how many parcels are booked or asked for at once; Lease is for how long one instance keeps one.
	Bookings int           `env:"BOOKINGS_AT_ONCE" envDefault:"8"`
	Lease    time.Duration `env:"BOOKING_LEASE" envDefault:"15s"`
	// Look and Longest are the shortest and the longest wait between two questions for one parcel.
	Look    time.Duration `env:"DISPATCH_POLL" envDefault:"200ms"`
	Longest time.Duration `env:"DISPATCH_POLL_MAX" envDefault:"1m"`
}

// Run runs the shipping service.
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
	link, err := parts.Link("carrier")
	if err != nil {
		return err
	}
	carrier, err := newCarrier(rt.Telemetry, link, c.Carrier)
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
		tel: rt.Telemetry, db: db, toDo: toDo(db), carrier: carrier, outbox: publisher{rt.Telemetry, parts.Outbox(db, broker)},
		look: c.Look, longest: c.Longest, now: time.Now,
	}
	worker := work.New(rt.Telemetry, work.Config{Name: bookings, Concurrency: c.Bookings, Lease: c.Lease, Poll: c.Look}, s.toDo.Source(s.work))
	s.wake = worker.Wake
	parts.Consume(db, broker, queue, s.handlers())
	rt.Go(bookings, worker.Run)

	grpc := rpc.NewServer(rt.Telemetry, verifier)
	shippingv1.RegisterShippingServiceServer(grpc, &server{service: s})
	return grpc.Start(rt, c.RPC)
}
