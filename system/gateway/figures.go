package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/telemetry"
)

// Steps of a shopper that the gateway sees.
const (
	stepViewed   = "product_viewed"
	stepFilled   = "cart_filled"
	stepCheckout = "checkout_started"
	stepAccepted = "order_accepted"
)

func newFunnel(tel *telemetry.Telemetry) *prometheus.CounterVec {
	funnel := tel.Counter(telemetry.FunnelTotal)
	for _, step := range []string{stepViewed, stepFilled, stepCheckout, stepAccepted} {
		funnel.WithLabelValues(step)
	}
	return funnel
}

// newFallbacks counts the answers of second choice: those that the gateway gave while a neighbour was away.
func newFallbacks(tel *telemetry.Telemetry) *prometheus.CounterVec {
	fallbacks := tel.Counter(telemetry.LinkFallbacks).MustCurryWith(prometheus.Labels{"client": tel.Service})
	for server, operations := range map[string][]string{
		"product":   {"GetProduct", "Search", "ListCategories"},
		"user":      {"Keys"},
		"inventory": {"GetStock"},
		"payment":   {"GetPayment"},
		"shipping":  {"GetShipment"},
	} {
		for _, operation := range operations {
			fallbacks.WithLabelValues(server, operation)
		}
	}
	return fallbacks
}
