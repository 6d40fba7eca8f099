package board

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	logspanel "github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// easel is what the SDK's builders of all kinds of panels have in common.
type easel[B any] interface {
	Id(uint32) B
	Title(string) B
	Description(string) B
	Datasource(common.DataSourceRef) B
	Span(uint32) B
	Height(uint32) B
	Unit(string) B
	NoValue(string) B
	WithTarget(cog.Builder[variants.Dataquery]) B
	DataLinks([]cog.Builder[dashboard.DashboardLink]) B
	Thresholds(cog.Builder[dashboard.ThresholdsConfig]) B
	Mappings([]dashboard.ValueMapping) B
	Build() (dashboard.Panel, error)
}

// build draws the panel with its number on the page.
func (p Panel) build(id uint32) (dashboard.Panel, error) {
	switch p.Kind {
	case Graph:
		return frame(p, id, p.lines()).Build()
	case Number:
		return frame(p, id, stat.NewPanelBuilder().ReduceOptions(newest()).ColorMode(common.BigValueColorModeValue).GraphMode(common.BigValueGraphModeArea).Orientation(common.VizOrientationAuto)).Build()
	case Bars:
		return frame(p, id, bargauge.NewPanelBuilder().ReduceOptions(newest()).Orientation(common.VizOrientationHorizontal).DisplayMode(common.BarGaugeDisplayModeBasic)).Build()
	case Timeline:
		return frame(p, id, statetimeline.NewPanelBuilder().MergeValues(true).RowHeight(.8).ShowValue(common.VisibilityModeNever).FillOpacity(80).Tooltip(tooltip())).Build()
	case Heat:
		return frame(p, id, p.heat()).Build()
	case Table:
		return frame(p, id, p.columns()).Build()
	case Logs:
		return frame(p, id, logspanel.NewPanelBuilder().ShowTime(true).WrapLogMessage(true).EnableLogDetails(true).DedupStrategy(common.LogsDedupStrategyNone).SortOrder(common.LogsSortOrderDescending)).Build()
	}
	return dashboard.Panel{}, fmt.Errorf("draw a %q: there is no such kind of panel", p.Kind)
}

// frame gives a panel of any kind what all panels have.
func frame[B easel[B]](p Panel, id uint32, b B) B {
	b.Id(id).Title(p.Title).Description(p.About).Unit(p.Unit).Span(uint32(p.width)).Height(uint32(p.height)).Datasource(p.source())
	for i, q := range p.Queries {
		b.WithTarget(p.target(q, string(rune('A'+i))))
	}
	if p.empty != "" {
		b.NoValue(p.empty)
	}
	if p.opens != "" {
		b.DataLinks([]cog.Builder[dashboard.DashboardLink]{dashboard.NewDashboardLinkBuilder("Open its dashboard").Url(p.opens)})
	}
	if p.Kind == Number || len(p.limits) > 0 {
		b.Thresholds(p.thresholds())
	}
	if len(p.states) > 0 {
		b.Mappings(p.mappings())
	}
	return b
}

func (p Panel) source() common.DataSourceRef {
	if p.Kind == Logs {
		return logs()
	}
	return metrics()
}

// target asks for a range, or in a table for one moment.
func (p Panel) target(q Query, ref string) cog.Builder[variants.Dataquery] {
	if p.Kind == Logs {
		return loki.NewDataqueryBuilder().Expr(string(q.Expr)).RefId(ref).QueryType("range").MaxLines(500)
	}
	b := prometheus.NewDataqueryBuilder().Expr(string(q.Expr)).RefId(ref).EditorMode(prometheus.QueryEditorModeCode)
	switch p.Kind {
	case Table:
		return b.Instant().Format(prometheus.PromQueryFormatTable)
	case Bars:
		return b.Instant().LegendFormat(q.Legend)
	case Heat:
		return b.Range().Format(prometheus.PromQueryFormatHeatmap).LegendFormat(q.Legend).Exemplar(q.Exemplars)
	default:
		return b.Range().LegendFormat(q.Legend).Exemplar(q.Exemplars)
	}
}

func (p Panel) lines() *timeseries.PanelBuilder {
	b := timeseries.NewPanelBuilder().
		LineWidth(1).
		FillOpacity(10).
		ShowPoints(common.VisibilityModeNever).
		AxisSoftMin(0).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeTable).Placement(common.LegendPlacementBottom).ShowLegend(true).Calcs([]string{"max", "lastNotNull"})).
		Tooltip(tooltip())
	if p.stacked {
		b.FillOpacity(40).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal))
	}
	return b
}

func (p Panel) heat() *heatmap.PanelBuilder {
	return heatmap.NewPanelBuilder().
		Calculate(false).
		HideLegend().
		CellGap(1).
		ExemplarsColor("rgba(255,0,255,0.7)").
		YAxis(heatmap.NewYAxisConfigBuilder().Unit(p.Unit)).
		Tooltip(heatmap.NewHeatmapTooltipBuilder().Mode(common.TooltipDisplayModeSingle)).
		Color(heatmap.NewHeatmapColorOptionsBuilder().Mode(heatmap.HeatmapColorModeScheme).Scheme("Oranges").Fill("dark-orange").Exponent(.5).Steps(64))
}

// tooltip lists all series at the pointer, the greatest first.
func tooltip() cog.Builder[common.VizTooltipOptions] {
	return common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending)
}

func newest() cog.Builder[common.ReduceDataOptions] {
	return common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})
}
