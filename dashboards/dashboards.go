// Package dashboards holds the shop's dashboards, one file for each page. `make dashboards` writes them to generated/.
//
// A page is made of the metrics in telemetry's catalogue and of the few that outside.go lists. The tests hold every query
// to that, and ask each of them of what the chaos scenarios recorded, so that no panel stays empty.
package dashboards

import (
	"fmt"

	"stormglass/dashboards/board"
	"stormglass/dashboards/promql"
	"stormglass/system/platform/telemetry"
)

// The pages' names in links. They never change: bookmarks and alerts lead to them.
const (
	shopUID      = "stormglass-shop"
	serviceUID   = "stormglass-service"
	linksUID     = "stormglass-links"
	messagingUID = "stormglass-messaging"
	backendsUID  = "stormglass-backends"
	chaosUID     = "stormglass-chaos"
)

// All lists the dashboards.
func All() []board.Dashboard {
	pages := []board.Dashboard{Shop(), Service(), Links(), Messaging(), Backends(), Chaos()}
	for i := range pages {
		pages[i].Tag = "stormglass"
		pages[i].Marks = marks()
	}
	return pages
}

// marks are drawn across the panels of every page: what a reader should know before looking for causes.
func marks() []board.Mark {
	return []board.Mark{
		{
			Name: "Breaker open", Color: board.Orange,
			Expr: promql.Max(promql.Value(telemetry.BreakerState), "client", "server") + " == 2",
			Text: "{{client}} → {{server}}",
		},
		{
			Name: "Process away", Color: board.Red,
			Expr: "(" + down() + ") == 1",
			Text: "{{instance}}",
		},
	}
}

// down is 1 for each process that did not answer the last scrape, and 0 for the others.
func down() promql.Expr { return "1 - " + promql.Max(promql.Value(up), job, instance) }

// labelValues is Grafana's query for what a variable may be.
func labelValues(of promql.Expr, label string) string {
	return fmt.Sprintf("label_values(%s, %s)", of, label)
}

// The choices that several pages offer.
func services() board.Choice {
	return board.Choice{Name: "service", Label: "Service", About: "One of the shop's services.", Values: labelValues(promql.Value(telemetry.Ready), job)}
}

func correlation() board.Choice {
	return board.Choice{Name: "correlation_id", Label: "Correlation or trace id", About: "Shows only log lines with this text: a correlation id (every answer's X-Correlation-Id), a trace id, an order's id."}
}

// These matchers follow the choices.
const (
	ofService = job + `=~"$service"`
	ofClient  = `client=~"$client"`
	ofServer  = `server=~"$server"`
)

// by lists labels to group by.
func by(labels ...string) []string { return labels }
