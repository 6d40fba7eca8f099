package product

import (
	"context"
	"fmt"
	"time"

	"stormglass/system/api/identity"
	"stormglass/system/api/links"
	productv1 "stormglass/system/api/product/v1"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/service"
	"stormglass/system/platform/telemetry"
)

// config is what the product service is told by its environment.
type config struct {
	RPC       rpc.Settings
	Documents boot.Secret `env:"DOCUMENTS_URL,required,notEmpty"`
	User      []string    `env:"USER_ADDRS,required,notEmpty"`
	// Poll is how often changes by other instances are looked for.
	Poll time.Duration `env:"REINDEX_POLL" envDefault:"500ms"`
	// Patience is how old this instance's copies may be before it asks the documents instead.
	Patience time.Duration `env:"COPY_LIFE" envDefault:"2s"`
}

// Waits for a database that is not there yet. The first is short: a driver that found nobody looks again much later than
// a new one does, and a whole shop may be starting at once.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 2 * time.Second
)

// Run runs the product service.
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
	link, err := parts.Link("documents")
	if err != nil {
		return err
	}
	index, err := newIndex()
	if err != nil {
		return err
	}
	rt.OnStop("index", func(context.Context) error { return index.close() })
	docs, err := open(ctx, rt.Telemetry, link, c.Documents)
	if err != nil {
		return err
	}
	rt.OnStop("documents", docs.close)
	rt.ReadyWhen("documents", docs.Ping)
	rt.Admin().Handle("GET /audit", docs.audit(rt.Service))

	copies := &refresher{tel: rt.Telemetry, source: docs, index: index, now: time.Now}
	if err := copies.begin(ctx); err != nil {
		return err
	}
	rt.Go("catalogue", func(ctx context.Context) error { return copies.follow(ctx, c.Poll) })

	s := &Service{tel: rt.Telemetry, keeper: docs, index: index, age: copies.age, patience: c.Patience, now: time.Now}
	grpc := rpc.NewServer(rt.Telemetry, verifier)
	productv1.RegisterProductServiceServer(grpc, &server{service: s})
	return grpc.Start(rt, c.RPC)
}

// open connects to the documents and waits until they answer, with a new client each time.
func open(ctx context.Context, tel *telemetry.Telemetry, link *resilience.Link, url boot.Secret) (*documents, error) {
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		d, err := connect(tel, link, url)
		if err != nil {
			return nil, err
		}
		bounded, cancel := context.WithTimeout(ctx, wait)
		err = d.Ping(bounded)
		cancel()
		if err == nil {
			return d, nil
		}
		_ = d.close(context.WithoutCancel(ctx)) // it never worked
		if ctx.Err() != nil {
			return nil, fmt.Errorf("wait for documents: %w", ctx.Err())
		}
		tel.Log.Warn().Err(err).Msg("documents do not answer yet")
	}
}
