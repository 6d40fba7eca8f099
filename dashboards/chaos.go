package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/units"

	"stormglass/dashboards/board"
	"stormglass/dashboards/promql"
	t "stormglass/system/platform/telemetry"
)

// Chaos is the one page for a game day, from top to bottom in the order of the questions: what is broken, do shoppers
// notice, what does the shop do about it, does what waits drain afterwards, and was anything lost.
func Chaos() board.Dashboard {
	return board.Dashboard{
		UID: chaosUID, Title: "Stormglass / Chaos",
		About:   "A game day on one page. The shop knows nothing of the faults; their windows are read from what it notices: processes away, dependencies missing, breakers open, consumers paused.",
		Choices: []board.Choice{correlation()},
		Rows: []board.Row{
			{Title: "What is broken?", Panels: broken()},
			{Title: "Do shoppers notice?", Panels: noticed()},
			{Title: "What does the shop do about it?", Panels: defence()},
			{Title: "What waits, and does it drain?", Panels: drain()},
			{Title: "Was anything lost?", Panels: lost()},
			{Title: "In containers: alerts, proxies, warnings", Panels: containers()},
		},
	}
}

func broken() []board.Panel {
	states := []board.State{{Value: 0, Text: "well", Color: board.Green}, {Value: 1, Text: "recovering", Color: board.Yellow}, {Value: 2, Text: "broken", Color: board.Red}}
	return []board.Panel{
		board.NewTimeline("Fault windows", "Everything that was not well at some moment of the time shown, and when: processes that do not answer, dependencies that are away (as the service said when it was last asked for its readiness), breakers, paused consumers and workers. What was well all along has no line.", states,
			board.Q("{{instance}} is away", promql.WhenAboveZero(twice(down()))),
			board.Q("{{job}} lacks {{dependency}}", promql.WhenAboveZero(twice(promql.Max(promql.Value(t.Degraded), job, "dependency")))),
			board.Q("breaker "+arrow, promql.WhenAboveZero(promql.Max(promql.Value(t.BreakerState), "client", "server"))),
			board.Q("{{backlog}} is paused", promql.WhenAboveZero(promql.Max(promql.Value(t.BacklogPaused), "backlog"))),
		).High(14).OrElse("All was well in the time shown."),
		board.NewGraph("Failing attempts", units.PercentUnit, "Share of each link's attempts that the neighbour is to blame for; the link with the highest line is the first suspect.", board.Q(arrow, failingAttempts())).Wide(12),
		board.NewGraph("Age of the processes", units.Seconds, "How long each process has been running. A fall to zero is a restart, which a short outage may hide from the timeline above.", board.Q("{{instance}}", age())).Wide(12),
	}
}

// twice makes 1 into 2, the worst value of the timeline.
func twice(e promql.Expr) promql.Expr { return promql.Times("("+e+")", "2") }

func noticed() []board.Panel {
	return []board.Panel{
		board.NewGraph("Success", units.PercentUnit, "Share of checkouts that were accepted, and of searches and product pages that were answered. The claim of most scenarios is that neither moves.",
			board.Q("checkout", checkoutSuccess()), board.Q("browsing", browsingSuccess())),
		board.NewGraph("Checkout latency", units.Seconds, "Duration of checkouts at the gateway. Each dot is one checkout and leads to its trace.",
			board.Traced("p50", checkoutQuantile(.5)), board.Traced("p99", checkoutQuantile(.99))),
		board.NewGraph("Orders", units.CountsPerSecond, "Orders that enter a state. While a later step is broken, pending goes on and shipped does not; afterwards shipped catches up.", board.Q("{{state}}", promql.Sum(promql.Rate(t.OrdersTotal), "state"))),
	}
}

func defence() []board.Panel {
	return []board.Panel{
		board.NewGraph("Refused to protect", units.OpsPerSecond, "Attempts that were not let out, by reason.", board.Q("{{reason}}", promql.Sum(promql.Rate(t.LinkRefusals), "reason"))).Stacked(),
		board.NewGraph("Retries", units.OpsPerSecond, "Attempts after the first one of an operation.", board.Q(arrow, promql.Sum(promql.Rate(t.LinkRetries), "client", "server"))),
		board.NewGraph("Amplification", units.Number, "Attempts for each operation: far above 1, retries feed the outage.", board.Q(arrow, amplification())),
		board.NewGraph("Answered without the neighbour", units.OpsPerSecond, "Fallbacks of the callers, and stale answers of the gateway's cache.",
			board.Q(arrow, promql.Sum(promql.Rate(t.LinkFallbacks), "client", "server")), board.Q("stale from the cache", promql.Sum(promql.Rate(t.GatewayCache, `result="stale"`)))),
		board.NewGraph("Turned away at the door", units.RequestsPerSecond, "Requests that the gateway refused, by reason.", board.Q("{{reason}}", promql.Sum(promql.Rate(t.GatewayShed), "reason"))),
		board.NewGraph("Bulkhead taken", units.PercentUnit, "Which part of a link's places is taken. A slow neighbour fills its own bulkhead and nobody else's.", board.Q(arrow, saturation())),
	}
}

func drain() []board.Panel {
	return []board.Panel{
		board.NewGraph("Waiting", units.Short, "What waits in outboxes, queues and lists of work. It grows during the fault, and must come down after it.", board.Q("{{backlog}}", promql.Max(promql.Value(t.BacklogDepth), "backlog"))),
		board.NewGraph("Oldest", units.Seconds, "Age of the oldest thing that waits.", board.Q("{{backlog}}", promql.Max(promql.Value(t.BacklogAge), "backlog"))),
		board.NewGraph("Oldest open order", units.Seconds, "Age of the oldest order that is not final.", board.Q("oldest", promql.Max(promql.Value(t.SagaOldest)))),
	}
}

func lost() []board.Panel {
	return []board.Panel{
		board.NewGraph("Dead letters", units.Short, "Events that were given up. An outage must never lead to one.", board.Q("{{queue}}", promql.Max(promql.Value(t.DeadLetters), "queue"))),
		board.NewGraph("Duplicates that changed nothing", units.EventsPerSecond, "Events that came again after a lost confirm or acknowledgement; the inbox knew them.", board.Q("{{queue}}", promql.Sum(promql.Rate(t.EventsConsumed, `outcome="duplicate"`), "queue"))),
		board.NewGraph("Cancelled, by reason", units.CountsPerSecond, "Orders that ended cancelled. `deadline` is what an outage costs when it lasts longer than the saga may.", board.Q("{{reason}}", promql.Sum(promql.Rate(t.OrdersTotal, `state="cancelled"`), "reason"))),
	}
}

func containers() []board.Panel {
	firing := []board.State{{Value: 1, Text: "firing", Color: board.Red}}
	return []board.Panel{
		board.NewTimeline("Alerts", "Alerts that fire. The symptom should come once, and its causes beside it.", firing,
			board.Q("{{alertname}} ({{severity}})", promql.Max(promql.Value(alerts, promql.AnyJob, `alertstate="firing"`), "alertname", "severity"))).OrElse("No alert fires.").High(8),
		board.NewGraph("Taken in by the proxies", units.BytesPerSecondSI, "Bytes that each Toxiproxy proxy took in. They are counted when a connection ends.", board.Q("{{proxy}} {{direction}}", promql.Sum(promql.Rate(proxyReceived, promql.AnyJob), "proxy", "direction"))).Wide(12),
		board.NewGraph("Passed on by the proxies", units.BytesPerSecondSI, "Bytes that each proxy passed on; what a toxic held back is missing here. They are counted when a connection ends.", board.Q("{{proxy}} {{direction}}", promql.Sum(promql.Rate(proxySent, promql.AnyJob), "proxy", "direction"))).Wide(12),
		board.NewLogs("Warnings and errors", "What the services warned of, and each change of a breaker's state.", "{service=~\".+\"} |~ `\"level\":\"(warn|error)\"|breaker changed` |= `$correlation_id`"),
	}
}
