package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/units"

	"stormglass/dashboards/board"
	"stormglass/dashboards/promql"
	t "stormglass/system/platform/telemetry"
)

// Shop is the first page to open: how the shoppers and the business are.
func Shop() board.Dashboard {
	return board.Dashboard{
		UID: shopUID, Title: "Stormglass / Shop overview",
		About:   "How the shoppers and the business are: golden signals of the gateway, the funnel, orders, money and stock.",
		Choices: []board.Choice{correlation()},
		Rows: []board.Row{
			{Title: "How are the shoppers?", Panels: shoppers()},
			{Title: "Must somebody act?", Panels: duties()},
			{Title: "Golden signals of the gateway", Panels: golden()},
			{Title: "From a look to an order", Panels: funnel()},
			{Title: "Orders", Panels: orders()},
			{Title: "Money, stock and messages", Panels: money()},
			{Title: "One order's way through the services", Panels: []board.Panel{story()}},
		},
	}
}

func shoppers() []board.Panel {
	return []board.Panel{
		board.NewNumber("Checkout success", units.PercentUnit, "Share of checkouts that were accepted, among those that were not the client's own mistake. The objective is 99.9 %.", checkoutSuccess(), board.Below(board.Red), board.From(.99, board.Orange), board.From(.999, board.Green)),
		board.NewNumber("Checkout p99", units.Seconds, "What 99 of 100 checkouts stay below, measured at the gateway.", checkoutQuantile(.99), board.From(.25, board.Orange), board.From(.5, board.Red)),
		board.NewNumber("Browsing success", units.PercentUnit, "Share of searches and product pages that were answered, stale ones from the cache among them.", browsingSuccess(), board.Below(board.Red), board.From(.99, board.Orange), board.From(.999, board.Green)),
		board.NewNumber("Orders accepted", units.RequestsPerSecond, "Orders that the gateway answered with 202, per second.", promql.Sum(promql.Rate(t.FunnelTotal, `step="order_accepted"`)), board.Below(board.Blue)),
		board.NewNumber("Oldest open order", units.Seconds, "Age of the oldest order that is neither shipped nor cancelled. Past the saga's deadline something holds it up.", promql.Max(promql.Value(t.SagaOldest)), board.From(30, board.Orange), board.From(120, board.Red)),
		board.NewNumber("Dead letters", units.Short, "Events that consumers gave up and nobody has sent back yet. `shop dlq list` tells why.", promql.Sum(promql.Max(promql.Value(t.DeadLetters), "queue")), board.From(1, board.Red)),
	}
}

// duties are what no retry mends. Their limits are those of the alerts.
func duties() []board.Panel {
	return []board.Panel{
		board.NewNumber("Paid, not on its way", units.Seconds, "Age of the oldest order that is paid and not shipped.", promql.Max(promql.Value(t.ConfirmedOldest)), board.From(600, board.Red)).Wide(3),
		board.NewNumber("Held past its time", units.Short, "Reservations that still hold stock although their time is up.", promql.Max(promql.Value(t.ReservationsOverdue)), board.From(1, board.Red)).Wide(3),
		board.NewNumber("Sold without goods", units.Short, "Confirmed orders in the time shown whose reservation had expired and whose goods were gone.", promql.Sum(promql.Total(t.ReservationsShort)), board.From(1, board.Red)).Wide(3),
		board.NewNumber("Charges that differ", units.Short, "Charges on which our books and the card processor's do not agree. Payment's log lines name each.", promql.Max(promql.Value(t.LedgerMismatches)), board.From(1, board.Red)).Wide(3),
		board.NewNumber("Refunds that failed", units.Short, "Cancelled orders whose money the card processor did not give back. `shop refunds list` names them; an operator must settle each.", promql.Max(promql.Value(t.RefundsFailed)), board.From(1, board.Red)),
		board.NewNumber("Charges compared", units.Short, "Charges that were held against the card processor's books in the time shown.", promql.Sum(promql.Total(t.LedgerCompared)), board.Below(board.Blue)),
		board.NewNumber("Books not compared for", units.Seconds, "How far back our books were not held against the card processor's yet; it grows while the processor is away.", promql.Max(promql.Value(t.LedgerUnchecked)), board.From(3600, board.Red)),
		board.NewGraph("Error budgets", units.PercentUnit, "What is left of each objective's budget for errors over 30 days.", board.Q("{{sloth_slo}}", promql.Min(promql.Value(budgetLeft, promql.AnyJob), "sloth_slo"))).Wide(12),
		board.NewGraph("Burn rate", units.Short, "How many times faster than the objective allows the budget is spent now: at 1 it lasts just as long as it should, at 14.4 a fiftieth is gone in an hour.", board.Q("{{sloth_slo}}", promql.Max(promql.Value(burnRate, promql.AnyJob), "sloth_slo"))).Wide(12),
	}
}

func golden() []board.Panel {
	route := by("http_route")
	return []board.Panel{
		board.NewGraph("Traffic", units.RequestsPerSecond, "Requests per second by route.", board.Q("{{http_route}}", promql.Sum(promql.Observed(t.HTTPServerDuration), route...))).Stacked(),
		board.NewGraph("Errors", units.PercentUnit, "Share of requests that the shop is to blame for (5xx), by route.",
			board.Q("{{http_route}}", promql.Share(promql.Sum(promql.Observed(t.HTTPServerDuration, failedHTTP), route...), promql.Sum(promql.Observed(t.HTTPServerDuration), route...)))),
		board.NewGraph("Latency", units.Seconds, "Duration of requests at the gateway, without the streams of order events. Each dot is one request and leads to its trace.",
			board.Traced("p50", promql.Quantile(.5, t.HTTPServerDuration, nil, notAStream)),
			board.Traced("p95", promql.Quantile(.95, t.HTTPServerDuration, nil, notAStream)),
			board.Traced("p99", promql.Quantile(.99, t.HTTPServerDuration, nil, notAStream))),
		board.NewHeat("Checkout latency", units.Seconds, "How many checkouts took how long. A second band above the first one is a part of the checkouts that waits for something.", promql.Buckets(t.HTTPServerDuration, checkout)),
		board.NewGraph("Saturation", units.Short, "Requests being served now, streams among them, and passwords being hashed, which is what costs the most processor time.",
			board.Q("requests in service", promql.Sum(promql.Value(t.HTTPServerActive))), board.Q("passwords being hashed", promql.Sum(promql.Value(t.PasswordHashing)))),
		board.NewGraph("Turned away at the door", units.RequestsPerSecond, "Requests that the gateway refused to protect the shop, by reason: a client over its rate (429), or all places taken (503).",
			board.Q("{{reason}}", promql.Sum(promql.Rate(t.GatewayShed), "reason"))),
	}
}

func funnel() []board.Panel {
	step := promql.Sum(promql.Total(t.FunnelTotal), "step")
	return []board.Panel{
		board.NewBars("Funnel", units.Short, "Shoppers' steps in the whole time shown.", board.Q("{{step}}", step)),
		board.NewGraph("Steps", units.CountsPerSecond, "The same per second.", board.Q("{{step}}", promql.Sum(promql.Rate(t.FunnelTotal), "step"))),
		board.NewGraph("Cached reads", units.CountsPerSecond, "Reads of the catalogue by what the gateway's cache gave: hit, miss, or stale, which is an old answer while product is away.",
			board.Q("{{result}}", promql.Sum(promql.Rate(t.GatewayCache), "result"))).Stacked(),
	}
}

func orders() []board.Panel {
	return []board.Panel{
		board.NewGraph("Orders by state", units.CountsPerSecond, "Orders that enter a state, per second. In a calm shop as many are shipped and cancelled as are created (pending).", board.Q("{{state}}", promql.Sum(promql.Rate(t.OrdersTotal), "state"))),
		board.NewGraph("Cancelled, by reason", units.CountsPerSecond, "Why orders end cancelled. `deadline` means that the saga did not come to an end in time.", board.Q("{{reason}}", promql.Sum(promql.Rate(t.OrdersTotal, `state="cancelled"`), "reason"))).Stacked(),
		board.NewGraph("From order to parcel", units.Seconds, "Time from an order's creation to its final state. Each dot is one order and leads to its trace.",
			board.Traced("{{outcome}} p50", promql.Quantile(.5, t.SagaDuration, by("outcome"))), board.Traced("{{outcome}} p99", promql.Quantile(.99, t.SagaDuration, by("outcome")))),
	}
}

func money() []board.Panel {
	perMinute := func(m t.Metric) promql.Expr {
		return promql.Times(promql.Sum(promql.Rate(m), "currency"), "60 / 100")
	}
	return []board.Panel{
		board.NewGraph("Revenue and refunds", units.Number, "Money of confirmed orders and money given back, per minute, in the currency of the legend.",
			board.Q("revenue {{currency}}", perMinute(t.RevenueTotal)), board.Q("refunds {{currency}}", perMinute(t.RefundedTotal))),
		board.NewGraph("Payments", units.CountsPerSecond, "Payments by the state that they came to, per second.", board.Q("{{state}}", promql.Sum(promql.Rate(t.PaymentsTotal), "state"))),
		board.NewGraph("Stock", units.Short, "Units of stock by state. The three always add up to what there was and what was added.", board.Q("{{state}}", promql.Sum(promql.Max(promql.Value(t.StockReserved), "state"), "state"))).Stacked(),
		board.NewGraph("Reservations that expired", units.CountsPerSecond, "Reservations that nobody decided about in time; their goods went back into stock.", board.Q("expired", promql.Sum(promql.Rate(t.ReservationsDue)))),
		board.NewGraph("Messages to customers", units.CountsPerSecond, "E-mails, texts and push messages by outcome.", board.Q("{{channel}} {{outcome}}", promql.Sum(promql.Rate(t.MessagesSent), "channel", "outcome"))),
		board.NewGraph("Sessions revoked", units.CountsPerSecond, "Refresh tokens that came a second time after their grace: somebody has a copy, and the whole family was revoked.", board.Q("revoked", promql.Sum(promql.Rate(t.TokenReuse)))),
	}
}

// story shows what every service said about one request.
func story() board.Panel {
	return board.NewLogs("Log lines", "What all services said, newest first. Type an order's correlation id above to see its whole way.", "{service=~\".+\"} |= `$correlation_id`")
}
