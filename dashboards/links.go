package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/units"

	"stormglass/dashboards/board"
	"stormglass/dashboards/promql"
	t "stormglass/system/platform/telemetry"
)

// arrow names a link.
const arrow = "{{client}} → {{server}}"

// Links shows every arrow between two of the shop's parts and what its policy does: breaker, retries, budget, bulkhead.
func Links() board.Dashboard {
	return board.Dashboard{
		UID: linksUID, Title: "Stormglass / Links and resilience",
		About: "Every call that leaves a service: what failed, what was tried again, what was refused to protect both sides, and what the breakers did.",
		Choices: []board.Choice{
			{Name: "client", Label: "From", About: "Who asks.", Values: labelValues(promql.Value(t.BreakerState), "client")},
			{Name: "server", Label: "To", About: "Who is asked.", Values: labelValues(promql.Value(t.BreakerState, ofClient), "server")},
		},
		Rows: []board.Row{
			{Title: "Circuit breakers", Panels: breakers()},
			{Title: "What goes out", Panels: attempts()},
			{Title: "What protects", Panels: protection()},
			{Title: "Link by link", Panels: []board.Panel{linkTable()}},
		},
	}
}

// breakerStates are the values of the state's gauge.
func breakerStates() []board.State {
	return []board.State{{Value: 0, Text: "closed", Color: board.Green}, {Value: 1, Text: "half-open", Color: board.Yellow}, {Value: 2, Text: "open", Color: board.Red}}
}

func breakers() []board.Panel {
	return []board.Panel{
		board.NewTimeline("Breakers", "The state of each link's breaker. Open: nothing goes out, the neighbour gets time to recover. Half-open: single attempts find out whether it has.", breakerStates(),
			board.Q(arrow, promql.Max(promql.Value(t.BreakerState, ofClient, ofServer), "client", "server"))).High(16).Opens(serviceUID, "service", "client"),
		board.NewGraph("Openings", units.Short, "How often breakers opened in the window of the rates. One that keeps opening faces a neighbour that keeps failing.",
			board.Q(arrow, promql.Sum("increase("+promql.Value(t.BreakerChanges, `to="open"`, ofClient, ofServer)+"[$__rate_interval])", "client", "server"))).Wide(24),
	}
}

func attempts() []board.Panel {
	return []board.Panel{
		board.NewGraph("Attempts by outcome", units.OpsPerSecond, "Attempts that really went out, by what they came to.", board.Q("{{outcome}}", promql.Sum(promql.Rate(t.LinkAttempts, ofClient, ofServer), "outcome"))).Stacked(),
		board.NewGraph("Failing attempts", units.PercentUnit, "Share of a link's attempts that the neighbour is to blame for: time-outs, no answer, its own errors.", board.Q(arrow, failingAttempts(ofClient, ofServer))),
		board.NewGraph("Duration, p99", units.Seconds, "Duration of whole operations, retries included. Each dot is one operation and leads to its trace.", board.Traced(arrow, promql.Quantile(.99, t.LinkDuration, by("client", "server"), ofClient, ofServer))),
		board.NewGraph("Amplification", units.Number, "Attempts for each operation. 1 is a calm link; above it retries make an outage larger, below it the policy refuses.", board.Q(arrow, amplification(ofClient, ofServer))),
		board.NewGraph("Retries", units.OpsPerSecond, "Attempts after the first one of an operation.", board.Q(arrow, promql.Sum(promql.Rate(t.LinkRetries, ofClient, ofServer), "client", "server"))),
		board.NewGraph("Outcome of operations", units.OpsPerSecond, "What the callers got in the end, after retries and before fallbacks.", board.Q("{{outcome}}", promql.Sum(promql.Observed(t.LinkDuration, ofClient, ofServer), "outcome"))).Stacked(),
	}
}

func protection() []board.Panel {
	return []board.Panel{
		board.NewGraph("Refusals by reason", units.OpsPerSecond, "Attempts that our own policy did not let out: breaker open, bulkhead full, retry budget spent.", board.Q("{{reason}}", promql.Sum(promql.Rate(t.LinkRefusals, ofClient, ofServer), "reason"))).Stacked(),
		board.NewGraph("Refusals by link", units.OpsPerSecond, "The same, by link.", board.Q(arrow, promql.Sum(promql.Rate(t.LinkRefusals, ofClient, ofServer), "client", "server"))),
		board.NewGraph("Retry budget left", units.Short, "Retries that the link's budget would allow now, on the instance that has the fewest. At 0 nothing is retried.", board.Q(arrow, promql.Min(promql.Value(t.LinkRetryBudget, ofClient, ofServer), "client", "server"))),
		board.NewGraph("Bulkhead taken", units.PercentUnit, "Which part of the places for attempts under way is taken, on the fullest instance. At 100 % further attempts are refused.", board.Q(arrow, saturation(ofClient, ofServer))),
		board.NewGraph("In flight", units.Short, "Attempts under way.", board.Q(arrow, promql.Sum(promql.Value(t.LinkInFlight, ofClient, ofServer), "client", "server"))),
		board.NewGraph("Fallbacks", units.OpsPerSecond, "Operations that were answered without the neighbour: from a cache, or with a part left out.", board.Q(arrow+" {{operation}}", promql.Sum(promql.Rate(t.LinkFallbacks, ofClient, ofServer), "client", "server", "operation"))),
	}
}

func linkTable() board.Panel {
	each := by("client", "server")
	return board.NewTable("Links now", "One line for each link. Sort by a column to find the worst.",
		board.Column("Breaker (2 is open)", units.Short, promql.Max(promql.Value(t.BreakerState, ofClient, ofServer), each...)),
		board.Column("Attempts", units.OpsPerSecond, promql.Sum(promql.Rate(t.LinkAttempts, ofClient, ofServer), each...)),
		board.Column("Failing", units.PercentUnit, failingAttempts(ofClient, ofServer)),
		board.Column("Refused", units.OpsPerSecond, promql.Sum(promql.Rate(t.LinkRefusals, ofClient, ofServer), each...)),
		board.Column("p99", units.Seconds, promql.Quantile(.99, t.LinkDuration, each, ofClient, ofServer)),
		board.Column("Budget left", units.Short, promql.Min(promql.Value(t.LinkRetryBudget, ofClient, ofServer), each...)),
		board.Column("Places", units.Short, promql.Max(promql.Value(t.LinkBulkhead, ofClient, ofServer), each...)),
	).High(14)
}
