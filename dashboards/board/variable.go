package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Choice is a variable that the reader of a page sets.
type Choice struct {
	Name, Label, About string
	// Values is a label_values(…) query for what there is to choose from; empty: the reader types a text.
	Values string
}

// The variables that stand for data sources; every dashboard has both.
const (
	metricsVariable = "datasource"
	logsVariable    = "logs"
)

// metrics and logs are the data sources of panels, marks and variables.
func metrics() common.DataSourceRef { return source("prometheus", metricsVariable) }
func logs() common.DataSourceRef    { return source("loki", logsVariable) }

func source(plugin, variable string) common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr(plugin), Uid: cog.ToPtr("${" + variable + "}")}
}

func (d Dashboard) variables() []cog.Builder[dashboard.VariableModel] {
	all := []cog.Builder[dashboard.VariableModel]{
		dashboard.NewDatasourceVariableBuilder(metricsVariable).Label("Metrics").Type("prometheus").
			Description("The Prometheus that scrapes the shop."),
	}
	if d.hasLogs() {
		all = append(all, dashboard.NewDatasourceVariableBuilder(logsVariable).Label("Logs").Type("loki").
			Description("The Loki that holds the shop's log lines."))
	}
	for _, c := range d.Choices {
		all = append(all, c.builder())
	}
	return all
}

func (c Choice) builder() cog.Builder[dashboard.VariableModel] {
	if c.Values == "" {
		return dashboard.NewTextBoxVariableBuilder(c.Name).Label(c.Label).Description(c.About)
	}
	return dashboard.NewQueryVariableBuilder(c.Name).
		Label(c.Label).
		Description(c.About).
		Datasource(metrics()).
		Query(dashboard.StringOrMap{String: &c.Values}).
		Definition(c.Values).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).
		IncludeAll(true).
		AllValue(".*").
		Current(dashboard.VariableOption{
			Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
			Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
		})
}

// hasLogs reports whether any panel shows log lines.
func (d Dashboard) hasLogs() bool {
	for _, row := range d.Rows {
		for _, p := range row.Panels {
			if p.Kind == Logs {
				return true
			}
		}
	}
	return false
}
