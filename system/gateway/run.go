package gateway

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"

	cartv1 "stormglass/system/api/cart/v1"
	"stormglass/system/api/identity"
	inventoryv1 "stormglass/system/api/inventory/v1"
	"stormglass/system/api/links"
	orderv1 "stormglass/system/api/order/v1"
	paymentv1 "stormglass/system/api/payment/v1"
	productv1 "stormglass/system/api/product/v1"
	shippingv1 "stormglass/system/api/shipping/v1"
	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/service"
)

// config is what the gateway is told by its environment.
type config struct {
	HTTP    serverSettings
	Cache   cacheSettings
	Places  placeSettings
	Rates   rateSettings
	Streams streamSettings
	// Origins may use the shop from their pages: https://shop.example, or * for any.
	Origins []string `env:"CORS_ORIGINS"`

	User      []string `env:"USER_ADDRS,required"`
	Product   []string `env:"PRODUCT_ADDRS,required"`
	Cart      []string `env:"CART_ADDRS,required"`
	Order     []string `env:"ORDER_ADDRS,required"`
	Inventory []string `env:"INVENTORY_ADDRS,required"`
	Payment   []string `env:"PAYMENT_ADDRS,required"`
	Shipping  []string `env:"SHIPPING_ADDRS,required"`
}

// check names each number that would keep everybody out.
func (c config) check() (wrong error) {
	for _, s := range []struct {
		name string
		good bool
	}{
		{"CACHE_SIZE", c.Cache.Size > 0},
		{"CACHE_FRESH", c.Cache.Fresh >= 0},
		{"CACHE_STALE", c.Cache.Stale >= c.Cache.Fresh},
		{"CONCURRENCY_LIMIT", c.Places.Requests > 0},
		{"STREAM_LIMIT", c.Places.Streams > 0},
		{"STREAM_HEARTBEAT", c.Streams.Heartbeat > 0},
		{"STREAM_LIFE", c.Streams.Life > 0},
		{"RATE_LIMIT_USER", c.Rates.User > 0},
		{"RATE_LIMIT_ADDRESS", c.Rates.Address > 0},
	} {
		if !s.good {
			wrong = errors.Join(wrong, fmt.Errorf("%w: setting %s: too small", boot.ErrUsage, s.name))
		}
	}
	return wrong
}

// Run runs the gateway.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var c config
	if err := boot.Settings(&c); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	s, err := c.connect(service.New(rt, links.Policy))
	if err != nil {
		return err
	}

	g := newGateway(rt.Telemetry, s, c.Cache, c.Streams)
	shed := newShed(rt.Telemetry)
	d := &door{gateway: g, observer: newObserver(rt.Telemetry), cors: cors{c.Origins}, places: newPlaces(c.Places, shed), verify: s.verifier.Verify, visitors: newVisitors(c.Rates, shed)}
	if err := c.HTTP.start(ctx, rt, d); err != nil {
		return err
	}
	rt.OnStop("streams", func(context.Context) error { g.streams.stop(); return nil }) // before the server waits for its requests
	return nil
}

// connect makes the neighbours' clients, each behind its link.
func (c config) connect(parts service.Parts) (s services, err error) {
	for _, neighbour := range []struct {
		name  string
		addrs []string
		use   func(*grpc.ClientConn)
	}{
		{"user", c.User, func(conn *grpc.ClientConn) {
			s.user, s.verifier = userv1.NewUserServiceClient(conn), identity.Over(parts, conn)
		}},
		{"product", c.Product, func(conn *grpc.ClientConn) { s.product = productv1.NewProductServiceClient(conn) }},
		{"cart", c.Cart, func(conn *grpc.ClientConn) { s.cart = cartv1.NewCartServiceClient(conn) }},
		{"order", c.Order, func(conn *grpc.ClientConn) { s.order = orderv1.NewOrderServiceClient(conn) }},
		{"inventory", c.Inventory, func(conn *grpc.ClientConn) { s.inventory = inventoryv1.NewInventoryServiceClient(conn) }},
		{"payment", c.Payment, func(conn *grpc.ClientConn) { s.payment = paymentv1.NewPaymentServiceClient(conn) }},
		{"shipping", c.Shipping, func(conn *grpc.ClientConn) { s.shipping = shippingv1.NewShippingServiceClient(conn) }},
	} {
		conn, err := parts.Neighbour(neighbour.name, neighbour.addrs)
		if err != nil {
			return services{}, err
		}
		neighbour.use(conn)
	}
	return s, nil
}
