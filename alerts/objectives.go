// Package alerts makes the rules that watch the shop's objectives; `make alerts` writes them to rules/slo.yaml.
//
//	objectives.go ──▶ slo.go ──▶ rules/slo.yaml ─┐
//	         rules/causes.yaml, business.yaml ───┼─▶ Prometheus ──▶ alertmanager.yaml ──▶ people ──▶ runbooks/NAME.md
//	                              tests/*.yaml ──┘ (promtool: every alert fires, and ends)
//
// What a shopper notices is an objective; it pages as fast as it spends its error budget. What causes it is a ticket, in
// rules that are written by hand.
package alerts

import (
	"fmt"
	"strings"

	"stormglass/system/platform/telemetry"
)

// Objective is one promise, kept for Goal of the events of 30 days.
type Objective struct {
	// Name is sloth's label sloth_slo; Service is who keeps the promise, by its name in system/shop.yaml.
	Name, Service string
	// Goal is the share of good events, such as 0.999.
	Goal float64
	// Alert names the alert; Promise says what shoppers get, Broken what they see instead.
	Alert, Promise, Broken string
	// Bad and All select the events: a counter each, as a PromQL expression that a range can follow.
	Bad, All ratio
}

// ratio is one side of an error ratio: what is added up, over a time window such as "5m".
type ratio func(window string) string

// Objectives lists what the shop promises.
func Objectives() []Objective {
	checkout := `http_request_method="POST", http_route="/v1/orders"`
	browse := `http_request_method="GET", http_route=~"/v1/(products|products/[{]id[}]|categories)"`
	requests := telemetry.HTTPServerDuration.Name
	saga := telemetry.SagaDuration.Name
	return []Objective{
		{
			Name: "checkout-success", Service: "gateway", Goal: 0.999, Alert: "CheckoutFailing",
			Promise: "Of the checkouts that were not the client's own mistake (4xx), 99.9 % are accepted (202).",
			Broken:  "checkouts are refused",
			Bad:     rate(requests+"_count", checkout, `http_response_status_code!~"4..|202"`),
			All:     rate(requests+"_count", checkout, `http_response_status_code!~"4.."`),
		},
		{
			Name: "checkout-latency", Service: "gateway", Goal: 0.99, Alert: "CheckoutSlow",
			Promise: "Of the accepted checkouts, 99 % are answered within 500 ms.",
			Broken:  "checkouts take longer than 500 ms",
			Bad:     slower(requests, "0.5", checkout, `http_response_status_code="202"`),
			All:     rate(requests+"_count", checkout, `http_response_status_code="202"`),
		},
		{
			Name: "order-completion", Service: "order", Goal: 0.99, Alert: "OrdersCompleteLate",
			Promise: "Of the accepted orders, 99 % are shipped or cancelled within 5 s.",
			Broken:  "orders take longer than 5 s to be shipped or cancelled",
			Bad:     slower(saga, "5"),
			All:     rate(saga + "_count"),
		},
		{
			Name: "browsing-success", Service: "gateway", Goal: 0.999, Alert: "BrowsingFailing",
			Promise: "Of the requests for products and categories that were not the client's own mistake (4xx), 99.9 % are answered; a stale answer counts.",
			Broken:  "reads of the catalogue fail",
			Bad:     rate(requests+"_count", browse, `http_response_status_code=~"5.."`),
			All:     rate(requests+"_count", browse, `http_response_status_code!~"4.."`),
		},
	}
}

// rate adds up a counter's series by the second, of the shop's own services.
func rate(counter string, matchers ...string) ratio {
	return func(window string) string {
		return fmt.Sprintf("sum(rate(%s[%s]))", selector(counter, append([]string{OfTheShop}, matchers...)), window)
	}
}

// slower counts what a histogram saw above a bound: all of it, less what its bucket holds. The bucket of a whole number is
// called 5 in one form of exposition and 5.0 in the other, which is also what Prometheus 3 makes of both.
func slower(histogram, bound string, matchers ...string) ratio {
	le := fmt.Sprintf("le=%q", bound)
	if !strings.Contains(bound, ".") {
		le = fmt.Sprintf("le=~%q", bound+"|"+bound+"[.]0")
	}
	all := rate(histogram+"_count", matchers...)
	within := rate(histogram+"_bucket", append(matchers, le)...)
	return func(window string) string { return fmt.Sprintf("(%s - %s)", all(window), within(window)) }
}
