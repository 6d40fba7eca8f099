package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/units"

	"stormglass/dashboards/board"
	"stormglass/dashboards/promql"
	t "stormglass/system/platform/telemetry"
)

// Messaging follows the events: what waits, for how long, what was given up, and how long orders take.
func Messaging() board.Dashboard {
	return board.Dashboard{
		UID: messagingUID, Title: "Stormglass / Messaging and sagas",
		About:   "What waits in queues, outboxes and lists of durable work, how fast events arrive, which were given up, and how the orders' sagas end.",
		Choices: []board.Choice{{Name: "backlog", Label: "Backlog", About: "A queue of the broker (q.…), an outbox, or a list of work inside a service.", Values: labelValues(promql.Value(t.BacklogDepth), "backlog")}},
		Rows: []board.Row{
			{Title: "Now", Panels: waiting()},
			{Title: "What waits", Panels: backlogs()},
			{Title: "Events", Panels: events()},
			{Title: "Sagas", Panels: sagas()},
		},
	}
}

const ofBacklog = `backlog=~"$backlog"`

func waiting() []board.Panel {
	return []board.Panel{
		board.NewNumber("Waiting", units.Short, "All that waits in the chosen backlogs.", promql.Sum(promql.Max(promql.Value(t.BacklogDepth, ofBacklog), "backlog")), board.From(100, board.Orange), board.From(1000, board.Red)),
		board.NewNumber("Oldest", units.Seconds, "Age of the oldest thing that waits in the chosen backlogs.", promql.Max(promql.Value(t.BacklogAge, ofBacklog)), board.From(10, board.Orange), board.From(60, board.Red)),
		board.NewNumber("Paused", units.Short, "Consumers and workers that wait for a dependency to come back. None of their events spends an attempt meanwhile.", promql.Sum(promql.Max(promql.Value(t.BacklogPaused, ofBacklog), "backlog")), board.From(1, board.Orange)),
		board.NewNumber("Dead letters", units.Short, "Events that were given up and lie there. `shop dlq list` tells why, `shop dlq redrive` sends them back.", promql.Sum(promql.Max(promql.Value(t.DeadLetters), "queue")), board.From(1, board.Red)),
		board.NewNumber("Oldest open order", units.Seconds, "Age of the oldest order that is neither shipped nor cancelled.", promql.Max(promql.Value(t.SagaOldest)), board.From(30, board.Orange), board.From(120, board.Red)),
		board.NewNumber("Event lag, p99", units.Seconds, "From an event's commit at its producer to its effect's commit at a consumer, over all queues.", promql.Quantile(.99, t.EventLag, nil), board.From(1, board.Orange), board.From(10, board.Red)),
	}
}

func backlogs() []board.Panel {
	states := []board.State{{Value: 0, Text: "working", Color: board.Green}, {Value: 1, Text: "paused", Color: board.Orange}}
	return []board.Panel{
		board.NewGraph("Depth", units.Short, "How much waits. A growing outbox means that the broker is away, a growing queue that its consumer is, a growing list of work that a company outside is.",
			board.Q("{{backlog}}", promql.Max(promql.Value(t.BacklogDepth, ofBacklog), "backlog"))),
		board.NewGraph("Oldest age", units.Seconds, "How long the oldest has waited. A line that climbs at one second a second stands still.",
			board.Q("{{backlog}}", promql.Max(promql.Value(t.BacklogAge, ofBacklog), "backlog"))),
		board.NewGraph("Handling, p99", units.Seconds, "How long one batch or piece of work takes.",
			board.Q("{{backlog}}", promql.Quantile(.99, t.ProcessDuration, by("backlog"), ofBacklog))),
		board.NewTimeline("Paused and working", "Consumers and workers that wait for a dependency, and probe with one event from time to time.", states,
			board.Q("{{backlog}}", promql.Max(promql.Value(t.BacklogPaused, ofBacklog), "backlog"))),
	}
}

func events() []board.Panel {
	return []board.Panel{
		board.NewGraph("Published", units.EventsPerSecond, "Events that the broker confirmed, by type.", board.Q("{{type}}", promql.Sum(promql.Rate(t.EventsPublished), "type"))),
		board.NewGraph("Settled", units.EventsPerSecond, "Events by what they came to at their consumers.", board.Q("{{queue}} {{outcome}}", promql.Sum(promql.Rate(t.EventsConsumed), "queue", "outcome"))),
		board.NewGraph("Duplicates", units.EventsPerSecond, "Events that came again and changed nothing, because the inbox knew them. A burst follows every lost confirm or acknowledgement.", board.Q("{{queue}}", promql.Sum(promql.Rate(t.EventsConsumed, `outcome="duplicate"`), "queue"))),
		board.NewGraph("Event lag, p50 and p99", units.Seconds, "From commit to commit, by queue. Each dot is one event and leads to the trace of the request that caused it.",
			board.Traced("{{queue}} p50", lag(.5)), board.Traced("{{queue}} p99", lag(.99))),
		board.NewHeat("Event lag", units.Seconds, "How many events were under way for how long. After an outage a cloud comes down from above: the backlog that is worked off.", promql.Buckets(t.EventLag)),
		board.NewGraph("Given up", units.EventsPerSecond, "Events that went to the dead-letter queue: an error of their own, several times. An outage never leads here.", board.Q("{{queue}} {{type}}", promql.Sum(promql.Rate(t.DeadLettered), "queue", "type"))),
	}
}

func sagas() []board.Panel {
	return []board.Panel{
		board.NewGraph("Duration by end", units.Seconds, "From an order's creation to its final state. Each dot is one order and leads to its trace.",
			board.Traced("{{outcome}} p50", promql.Quantile(.5, t.SagaDuration, by("outcome"))), board.Traced("{{outcome}} p99", promql.Quantile(.99, t.SagaDuration, by("outcome")))),
		board.NewHeat("Duration", units.Seconds, "How many orders took how long.", promql.Buckets(t.SagaDuration)),
		board.NewGraph("Age of the oldest open order", units.Seconds, "Age of the oldest order that is not final. It climbs while a step cannot be done, and falls when it can.", board.Q("oldest", promql.Max(promql.Value(t.SagaOldest)))),
		board.NewGraph("Begun and ended", units.CountsPerSecond, "Orders that enter a state, per second.", board.Q("{{state}}", promql.Sum(promql.Rate(t.OrdersTotal), "state"))),
		board.NewGraph("Undone, by reason", units.CountsPerSecond, "Orders whose steps were undone, by reason.", board.Q("{{reason}}", promql.Sum(promql.Rate(t.OrdersTotal, `state="cancelled"`), "reason"))).Stacked(),
		board.NewGraph("Expired reservations", units.CountsPerSecond, "Reservations that outlived the saga's deadline without a decision.", board.Q("expired", promql.Sum(promql.Rate(t.ReservationsDue)))),
	}
}
