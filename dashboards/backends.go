package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/units"

	"stormglass/dashboards/board"
	"stormglass/dashboards/promql"
	t "stormglass/system/platform/telemetry"
)

// Backends shows what the services stand on: databases, broker, cache, documents, and the processes themselves.
func Backends() board.Dashboard {
	return board.Dashboard{
		UID: backendsUID, Title: "Stormglass / Backends and pools",
		About:   "Transactions, connection pools, the backends as their clients see them, and the services' own processes.",
		Choices: []board.Choice{services()},
		Rows: []board.Row{
			{Title: "Databases", Panels: databases()},
			{Title: "Backends as their clients see them", Panels: backends()},
			{Title: "Processes", Panels: processes()},
		},
	}
}

func databases() []board.Panel {
	return []board.Panel{
		board.NewGraph("Transactions", units.OpsPerSecond, "Transactions per second by service and outcome. A conflict is another transaction that was first; it is tried again.", board.Q("{{job}} {{outcome}}", promql.Sum(promql.Observed(t.DBDuration, ofService), job, "outcome"))),
		board.NewGraph("Duration, p50 and p99", units.Seconds, "Duration of transactions, commit and sync to disk included. Each dot leads to its trace.",
			board.Traced("{{job}} p50", promql.Quantile(.5, t.DBDuration, by(job), ofService)), board.Traced("{{job}} p99", promql.Quantile(.99, t.DBDuration, by(job), ofService))),
		board.NewHeat("Duration", units.Seconds, "How many transactions took how long.", promql.Buckets(t.DBDuration, ofService)),
		board.NewGraph("Connections in use", units.Short, "Connections that a transaction holds now.", board.Q("{{instance}}", promql.Sum(promql.Value(t.DBConnections, `state="used"`, ofService), instance))),
		board.NewGraph("Pool taken", units.PercentUnit, "Which part of the most connections that the pool may open is in use. At 100 % the next transaction waits.",
			board.Q("{{instance}}", promql.Ratio(promql.Sum(promql.Value(t.DBConnections, `state="used"`, ofService), instance), promql.Sum(promql.Value(t.DBConnMax, ofService), instance)))),
		board.NewGraph("Waits for a connection", units.OpsPerSecond, "Transactions that found no free connection and waited.", board.Q("{{job}}", promql.Sum(promql.Rate(t.DBPending, ofService), job))),
		board.NewTable("Slowest transactions", "The ten transactions with the highest p99 now.", board.Column("p99", units.Seconds, promql.Top(10, promql.Quantile(.99, t.DBDuration, by(job, "db_operation_name"), ofService)))).Wide(12),
		board.NewGraph("Idle connections", units.Short, "Connections that wait for work.", board.Q("{{instance}}", promql.Sum(promql.Value(t.DBConnections, `state="idle"`, ofService), instance))).Wide(12).High(10),
	}
}

func backends() []board.Panel {
	return []board.Panel{
		board.NewGraph("Operations", units.OpsPerSecond, "Operations on each backend, per second.", board.Q(arrow, promql.Sum(promql.Observed(t.LinkDuration, aBackend, ofService), "client", "server"))),
		board.NewGraph("Failing attempts", units.PercentUnit, "Share of the attempts that the backend is to blame for.", board.Q(arrow, failingAttempts(aBackend, ofService))),
		board.NewGraph("Duration, p99", units.Seconds, "Duration of operations on each backend, retries included.", board.Traced(arrow, promql.Quantile(.99, t.LinkDuration, by("client", "server"), aBackend, ofService))),
	}
}

func processes() []board.Panel {
	perInstance := func(title, unit, about string, e promql.Expr) board.Panel {
		return board.NewGraph(title, unit, about, board.Q("{{instance}}", e))
	}
	return []board.Panel{
		perInstance("Processor", units.Short, "Cores that each process uses.", promql.Rate(processCPU, ofService)),
		perInstance("Memory", units.BytesIEC, "Memory as the operating system sees it.", promql.Value(processMemory, ofService)),
		perInstance("Heap", units.BytesIEC, "The heap's spans in use.", promql.Value(heapInUse, ofService)),
		perInstance("Allocated", units.BytesPerSecondSI, "Bytes that are allocated per second: what keeps the collector busy.", promql.Rate(allocated, ofService)),
		perInstance("Stopped for the collector", units.PercentUnit, "Share of the time for which the garbage collector stopped everything.", promql.Rate(gcPauses, ofService)),
		perInstance("Goroutines", units.Short, "A number that only grows is a leak.", promql.Value(goroutines, ofService)),
		perInstance("Open files", units.Short, "Open files and connections.", promql.Value(processFiles, ofService)),
		perInstance("Age", units.Seconds, "How long each process has been running. A fall to zero is a restart.", age(ofService)),
		board.NewGraph("Passwords being hashed", units.Short, "Hashing is bound to the processor and has places of its own; when they are taken, log-ins are refused.", board.Q("{{instance}}", promql.Sum(promql.Value(t.PasswordHashing), instance))),
	}
}
