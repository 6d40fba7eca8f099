package dashboards

import (
	"stormglass/dashboards/promql"
	"stormglass/system/platform/telemetry"
)

// What several pages ask, said once. Checkout success is the share of orders accepted (202) among those that were not the
// client's own mistake (4xx but 429); browsing is the same for reads of the catalogue.
const (
	checkout    = `http_route="/v1/orders",http_request_method="POST"`
	browsing    = `http_route=~"/v1/(products|products/{id}|categories)"`
	accepted    = `http_response_status_code="202"`
	answered    = `http_response_status_code=~"[23].."`
	failedHTTP  = `http_response_status_code=~"5.."`
	notTheirs   = `http_response_status_code!~"4([013-9].|2[0-8])"`
	notAStream  = `http_route!~".*/events"` // a stream lasts as long as the reader watches
	failedRPC   = `rpc_response_status_code=~"UNKNOWN|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|INTERNAL|UNAVAILABLE|DATA_LOSS"`
	failedOnTry = `outcome=~"timeout|unavailable|internal|unknown_outcome|too_many_requests"` // what a neighbour is to blame for
	aBackend    = `server=~".*-db|broker|cache|documents"`
)

func checkoutSuccess() promql.Expr {
	return promql.Share(
		promql.Sum(promql.Observed(telemetry.HTTPServerDuration, checkout, accepted)),
		promql.Sum(promql.Observed(telemetry.HTTPServerDuration, checkout, notTheirs)))
}

func browsingSuccess() promql.Expr {
	return promql.Share(
		promql.Sum(promql.Observed(telemetry.HTTPServerDuration, browsing, answered)),
		promql.Sum(promql.Observed(telemetry.HTTPServerDuration, browsing, notTheirs)))
}

func checkoutQuantile(q float64) promql.Expr {
	return promql.Quantile(q, telemetry.HTTPServerDuration, nil, checkout)
}

// failingAttempts is the share of a link's attempts that the neighbour is to blame for.
func failingAttempts(matchers ...string) promql.Expr {
	return promql.Share(
		promql.Sum(promql.Rate(telemetry.LinkAttempts, append([]string{failedOnTry}, matchers...)...), "client", "server"),
		promql.Sum(promql.Rate(telemetry.LinkAttempts, matchers...), "client", "server"))
}

// amplification is how many attempts one operation comes to: 1 without failures.
func amplification(matchers ...string) promql.Expr {
	return promql.Ratio(
		promql.Sum(promql.Rate(telemetry.LinkAttempts, matchers...), "client", "server"),
		promql.Sum(promql.Observed(telemetry.LinkDuration, matchers...), "client", "server"))
}

// saturation is which part of a link's bulkhead is taken.
func saturation(matchers ...string) promql.Expr {
	return promql.Ratio(
		promql.Max(promql.Value(telemetry.LinkInFlight, matchers...), "client", "server"),
		promql.Max(promql.Value(telemetry.LinkBulkhead, matchers...), "client", "server"))
}

// lag is the time from an event's commit at its producer to its effect's commit at the consumer, by queue.
func lag(q float64, matchers ...string) promql.Expr {
	return promql.Quantile(q, telemetry.EventLag, by("queue"), matchers...)
}

// age is how long a process has been running, in seconds: a fall to zero is a restart, however long it was away before.
func age(matchers ...string) promql.Expr {
	return "time() - " + promql.Max(promql.Value(processStart, matchers...), job, instance)
}
