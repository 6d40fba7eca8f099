package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/units"

	"stormglass/dashboards/board"
	"stormglass/dashboards/promql"
	t "stormglass/system/platform/telemetry"
)

// Service shows any service from all its sides: what it is asked, what it asks, what it works off.
func Service() board.Dashboard {
	return board.Dashboard{
		UID: serviceUID, Title: "Stormglass / Service",
		About:   "Rate, errors and duration of one service, or of several side by side: as a server, as a consumer of events, and as a client of its neighbours.",
		Choices: []board.Choice{services(), correlation()},
		Rows: []board.Row{
			{Title: "State", Panels: state()},
			{Title: "What it is asked", Panels: asked()},
			{Title: "What it works off", Panels: worked()},
			{Title: "What it asks others", Panels: asks()},
			{Title: "Logs", Panels: []board.Panel{
				board.NewLogs("Log lines", "What the chosen services said, newest first, narrowed by the correlation id above.", "{service=~\"$service\"} |= `$correlation_id`"),
			}},
		},
	}
}

func state() []board.Panel {
	return []board.Panel{
		board.NewNumber("Instances ready", units.Short, "Instances that have come up and are not stopping.", promql.Sum(promql.Value(t.Ready, ofService)), board.Below(board.Red), board.From(1, board.Green)),
		board.NewNumber("Instances away", units.Short, "Instances that did not answer the last scrape.", promql.Sum("1 - "+promql.Max(promql.Value(up, ofService), job, instance)), board.From(1, board.Red)),
		board.NewNumber("Doing without", units.Short, "Dependencies that are away and that the service can do without for a while, as it said when it was last asked for its readiness.", promql.Sum(promql.Value(t.Degraded, ofService)), board.From(1, board.Orange)),
		board.NewNumber("Restarts", units.Short, "How often an instance began anew in the whole time shown.", promql.Sum("changes("+promql.Value(processStart, ofService)+"[$__range])"), board.From(1, board.Orange)),
		board.NewNumber("Breakers open", units.Short, "Neighbours that it has stopped asking for a while.", promql.Sum(promql.Value(t.BreakerState, ofService)+" == bool 2"), board.From(1, board.Red)),
		board.NewNumber("Waiting", units.Short, "What lies in its queues, outboxes and lists of work.", promql.Sum(promql.Max(promql.Value(t.BacklogDepth, ofService), "backlog")), board.From(100, board.Orange), board.From(1000, board.Red)),
		board.NewTable("Builds", "Which build runs where.", board.Column("Running", units.Short, promql.Max(promql.Value(t.BuildInfo, ofService), job, instance, "version", "go_version"))).High(6),
	}
}

func asked() []board.Panel {
	return []board.Panel{
		board.NewGraph("Requests", units.RequestsPerSecond, "What it is asked per second, by route or method.",
			board.Q("{{job}} {{http_route}}", promql.Sum(promql.Observed(t.HTTPServerDuration, ofService), job, "http_route")),
			board.Q("{{job}} {{rpc_method}}", promql.Sum(promql.Observed(t.RPCServerDuration, ofService), job, "rpc_method"))),
		board.NewGraph("Errors", units.PercentUnit, "Share of the requests that it failed; what is the client's own mistake does not count.",
			board.Q("{{job}} HTTP", promql.Share(promql.Sum(promql.Observed(t.HTTPServerDuration, ofService, failedHTTP), job), promql.Sum(promql.Observed(t.HTTPServerDuration, ofService), job))),
			board.Q("{{job}}", promql.Share(promql.Sum(promql.Observed(t.RPCServerDuration, ofService, failedRPC), job), promql.Sum(promql.Observed(t.RPCServerDuration, ofService), job)))),
		board.NewGraph("Duration, p99", units.Seconds, "What 99 of 100 requests stay below. Each dot is one request and leads to its trace.",
			board.Traced("{{job}} HTTP", promql.Quantile(.99, t.HTTPServerDuration, by(job), ofService, notAStream)),
			board.Traced("{{job}}", promql.Quantile(.99, t.RPCServerDuration, by(job), ofService))),
		board.NewGraph("Answers", units.RequestsPerSecond, "Requests by the code that they were answered with.",
			board.Q("{{job}} {{http_response_status_code}}", promql.Sum(promql.Observed(t.HTTPServerDuration, ofService), job, "http_response_status_code")),
			board.Q("{{job}} {{rpc_response_status_code}}", promql.Sum(promql.Observed(t.RPCServerDuration, ofService), job, "rpc_response_status_code"))).Stacked(),
		board.NewGraph("Callers", units.RequestsPerSecond, "Who asks how much.", board.Q("{{client}} → {{job}}", promql.Sum(promql.Observed(t.RPCServerDuration, ofService), "client", job))),
		board.NewHeat("Duration of calls", units.Seconds, "How many calls took how long.", promql.Buckets(t.RPCServerDuration, ofService)),
	}
}

func worked() []board.Panel {
	return []board.Panel{
		board.NewGraph("Handled", units.OpsPerSecond, "Batches of events and pieces of work per second, by outcome.", board.Q("{{backlog}} {{outcome}}", promql.Sum(promql.Observed(t.ProcessDuration, ofService), "backlog", "outcome"))),
		board.NewGraph("Handling, p99", units.Seconds, "How long one batch or piece of work takes.", board.Q("{{backlog}}", promql.Quantile(.99, t.ProcessDuration, by("backlog"), ofService))),
		board.NewGraph("Event lag, p99", units.Seconds, "From an event's commit at its producer to its effect's commit here.", board.Traced("{{queue}}", lag(.99, ofService))),
	}
}

func asks() []board.Panel {
	return []board.Panel{
		board.NewGraph("Operations", units.OpsPerSecond, "What it asks its neighbours and its database, per second.", board.Q("{{client}} → {{server}}", promql.Sum(promql.Observed(t.LinkDuration, ofService), "client", "server"))),
		board.NewGraph("Failing attempts", units.PercentUnit, "Share of the attempts that the neighbour is to blame for.", board.Q("{{client}} → {{server}}", failingAttempts(ofService))),
		board.NewGraph("Duration at the caller, p99", units.Seconds, "Duration of a whole operation, retries included. Each dot leads to its trace.", board.Traced("{{client}} → {{server}}", promql.Quantile(.99, t.LinkDuration, by("client", "server"), ofService))),
	}
}
