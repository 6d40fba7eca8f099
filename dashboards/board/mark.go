package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"

	"stormglass/dashboards/promql"
)

// Mark is an event that is drawn across all panels for as long as its query gives a number above zero.
type Mark struct {
	Name, Color string
	// Expr keeps only the series whose event is on.
	Expr promql.Expr
	// Text is what the mark says, with labels as {{label}}.
	Text string
}

func (m Mark) builder() *dashboard.AnnotationQueryBuilder {
	return dashboard.NewAnnotationQueryBuilder().
		Name(m.Name).
		Datasource(metrics()).
		IconColor(m.Color).
		Expr(string(m.Expr)).
		Target(prometheus.NewDataqueryBuilder().Expr(string(m.Expr)).RefId("Mark").Range())
}
