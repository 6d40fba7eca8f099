package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// columns joins the queries' answers by their labels and names each column.
func (p Panel) columns() *table.PanelBuilder {
	names := map[string]any{}
	b := table.NewPanelBuilder().ShowHeader(true).Filterable(true).Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{"sum"}))
	for i, q := range p.Queries {
		field := "Value #" + string(rune('A'+i))
		names[field] = q.Legend
		b.OverrideByName(q.Legend, []dashboard.DynamicConfigValue{{Id: "unit", Value: q.Unit}})
	}
	if len(p.Queries) == 1 {
		names["Value"] = p.Queries[0].Legend
	}
	return b.
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}).
		WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
			"excludeByName": map[string]any{"Time": true}, "renameByName": names, "indexByName": map[string]any{},
		}})
}
