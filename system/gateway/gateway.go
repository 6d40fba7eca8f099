// Package gateway is the only door of the shop: REST for web and mobile clients, gRPC behind it. It keeps nothing that
// another instance would miss.
//
// What a request passes, from the outside in:
//
//	observe ─▶ CORS ─▶ shed ─▶ identify ─▶ rate limit ─▶ intake ─▶ typed route ─▶ services, each behind its link
//	correlation,       places   token       bucket per    size,     shape of
//	span, RED, log     at once              client        type      the input
//
// Whatever is refused on the way is answered as a problem (RFC 9457) with a reason for programs and a sentence for
// people.
package gateway

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	cartv1 "stormglass/system/api/cart/v1"
	inventoryv1 "stormglass/system/api/inventory/v1"
	orderv1 "stormglass/system/api/order/v1"
	paymentv1 "stormglass/system/api/payment/v1"
	productv1 "stormglass/system/api/product/v1"
	shippingv1 "stormglass/system/api/shipping/v1"
	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/telemetry"
)

// services are the neighbours that do the work.
type services struct {
	user      userv1.UserServiceClient
	product   productv1.ProductServiceClient
	cart      cartv1.CartServiceClient
	order     orderv1.OrderServiceClient
	inventory inventoryv1.InventoryServiceClient
	payment   paymentv1.PaymentServiceClient
	shipping  shippingv1.ShippingServiceClient
	verifier  *auth.Verifier
}

// gateway holds the routes and what they need.
type gateway struct {
	services
	tel       *telemetry.Telemetry
	mux       *http.ServeMux
	api       huma.API
	routes    map[string]route
	reads     reads
	streams   *streams
	funnel    *prometheus.CounterVec
	fallbacks *prometheus.CounterVec
}

// newGateway makes the gateway with all its routes.
func newGateway(tel *telemetry.Telemetry, s services, caches cacheSettings, live streamSettings) *gateway {
	g := &gateway{
		services: s, tel: tel, mux: http.NewServeMux(), routes: map[string]route{},
		reads: newReads(tel, caches), streams: newStreams(live),
		funnel: newFunnel(tel), fallbacks: newFallbacks(tel),
	}
	g.api = newAPI(g.mux)
	g.accountRoutes()
	g.addressRoutes()
	g.catalogueRoutes()
	g.cartRoutes()
	g.cardRoutes()
	g.orderRoutes()
	g.staffRoutes()
	g.documentRoutes()
	return g
}
