package payment

import (
	"context"
	"time"

	"stormglass/system/api/identity"
	"stormglass/system/api/links"
	paymentv1 "stormglass/system/api/payment/v1"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/service"
	"stormglass/system/platform/work"
)

// config is what the payment service is told by its environment.
type config struct {
	RPC      rpc.Settings
	Database boot.Secret `env:"DATABASE_URL,required"`
	Broker   string      `env:"BROKER_URL,required"`
	User     []string    `env:"USER_ADDRS,required"`
	// Processor is the card processor: Stripe, or what speaks its API.
	Processor string      `env:"PROCESSOR_URL,required"`
	Key       boot.Secret `env:"PROCESSOR_KEY,required"`
	// Webhook is the secret that the processor signs its notices with.
	Webhook boot.Secret `env:"WEBHOOK_SECRET,required"`
	// Charges is how many charges are under way at once; Lease is for how long one instance keeps one.
	Charges int           `env:"CHARGES_AT_ONCE" envDefault:"8"`
	Lease   time.Duration `env:"CHARGE_LEASE" envDefault:"15s"`
	Poll    time.Duration `env:"CHARGE_POLL" envDefault:"500ms"`
	// Refunds is how many refunds of one payment are made before an operator must act; RefundAgain is how long to wait after
	// one that failed.
	Refunds     int64         `env:"REFUNDS_AT_MOST" envDefault:"3"`
	RefundAgain time.Duration `env:"REFUND_AGAIN" envDefault:"1h"`
	// Compare is how often our books are compared with the processor's; Leave is for how long a charge is left alone first.
	Compare time.Duration `env:"BOOKS_EVERY" envDefault:"1m"`
	Leave   time.Duration `env:"BOOKS_AFTER" envDefault:"5m"`
	// Again is how old a refund is each time that it is compared once more: it may fail up to 30 days after it succeeded.
	Again []time.Duration `env:"REFUNDS_COMPARED_AT" envDefault:"24h,168h,720h"`
}

// Run runs the payment service.
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
	link, err := parts.Link("card-processor")
	if err != nil {
		return err
	}
	processor, err := newStripe(rt.Telemetry, link, c.Processor, c.Key)
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

	s := &Service{
		tel: rt.Telemetry, db: db, toDo: toDo(db), processor: processor, outbox: publisher{rt.Telemetry, parts.Outbox(db, broker)},
		figures: newFigures(rt.Telemetry), now: time.Now, refunds: RefundPolicy{c.Refunds, c.RefundAgain},
	}
	worker := work.New(rt.Telemetry, work.Config{Name: charges, Concurrency: c.Charges, Lease: c.Lease, Poll: c.Poll}, s.toDo.Source(s.work))
	pending := work.New(rt.Telemetry, work.Config{Name: refunds, Concurrency: c.Charges, Lease: c.Lease, Poll: c.Poll}, pendingRefunds(db).Source(s.work))
	s.wake = func() {
		worker.Wake()
		pending.Wake()
	}
	parts.Consume(db, broker, queue, s.handlers())
	rt.Go(charges, worker.Run)
	rt.Go(refunds, pending.Run)
	books := &reconciler{tel: rt.Telemetry, db: db, books: processor, figures: newBookFigures(rt.Telemetry), after: c.Leave, again: c.Again, refundFailed: s.RefundFailed, now: time.Now}
	rt.Go("books", func(ctx context.Context) error { return books.run(ctx, c.Compare) })

	grpc := rpc.NewServer(rt.Telemetry, verifier)
	paymentv1.RegisterPaymentServiceServer(grpc, &server{service: s, secret: c.Webhook})
	return grpc.Start(rt, c.RPC)
}
