package cart

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	cartv1 "stormglass/system/api/cart/v1"
	"stormglass/system/api/identity"
	"stormglass/system/api/links"
	productv1 "stormglass/system/api/product/v1"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/events"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/service"
)

// config is what the cart service is told by its environment.
type config struct {
	RPC     rpc.Settings
	Cache   boot.Secret `env:"CACHE_URL,required,notEmpty"`
	Broker  string      `env:"BROKER_URL,required,notEmpty"`
	User    []string    `env:"USER_ADDRS,required,notEmpty"`
	Product []string    `env:"PRODUCT_ADDRS,required,notEmpty"`
	// Life is how long a cart is kept after its last change.
	Life time.Duration `env:"CART_LIFE" envDefault:"72h"`
}

// Run runs the cart service. It starts without its cache, and is ready when that answers.
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
	product, err := parts.Neighbour("product", c.Product)
	if err != nil {
		return err
	}
	broker, err := parts.Broker(ctx, c.Broker)
	if err != nil {
		return err
	}
	link, err := parts.Link("cache")
	if err != nil {
		return err
	}
	redis.SetLogger(hushed{rt.Log})
	cache, err := connect(rt.Telemetry, link, c.Cache)
	if err != nil {
		return err
	}
	rt.OnStop("cache", cache.close)
	rt.ReadyWhen("cache", cache.Ping)
	carts := newCarts(cache, c.Life, time.Now)
	rt.Admin().Handle("GET /audit", carts.audit(rt.Service))

	s := &Service{tel: rt.Telemetry, keeper: carts, goods: products{productv1.NewProductServiceClient(product)}}
	consumer := events.NewConsumerWithoutInbox(rt.Telemetry, broker, events.ConsumerConfig{Queue: queue, Handlers: s.handlers()})
	rt.Go(queue, consumer.Run)

	grpc := rpc.NewServer(rt.Telemetry, verifier)
	cartv1.RegisterCartServiceServer(grpc, &server{service: s})
	return grpc.Start(rt, c.RPC)
}
