package board

import (
	"fmt"

	"stormglass/dashboards/promql"
)

// Kind is how a panel is drawn.
type Kind string

// The kinds.
const (
	Graph    Kind = "graph"    // lines over time
	Number   Kind = "number"   // the newest value, large
	Bars     Kind = "bars"     // one bar for each series, by its newest value
	Timeline Kind = "timeline" // one band for each series, in the colour of its state
	Heat     Kind = "heat"     // a histogram's buckets over time
	Table    Kind = "table"    // one line for each set of labels, one column for each query
	Logs     Kind = "logs"     // log lines
)

// Panel is one picture of a dashboard.
type Panel struct {
	Kind
	// About says what is shown and how to read it.
	Title, About string
	// Unit is one of Grafana's, such as "s"; see the SDK's package units.
	Unit    string
	Queries []Query

	width, height int
	stacked       bool
	empty         string
	limits        []Limit
	states        []State
	opens         string
}

// Query is one query of a panel.
type Query struct {
	Expr promql.Expr
	// Legend names a series, with labels as {{label}}; in a table it is the column's title.
	Legend string
	// Unit is a table column's own unit.
	Unit string
	// Exemplars asks for single observations with their traces, drawn as dots that lead to Jaeger.
	Exemplars bool
}

// Limit is a value from which on a number has another colour.
type Limit struct {
	From  float64
	Color string
}

// State is what a value of a timeline means.
type State struct {
	Value       int
	Text, Color string
}

// Q is a query whose series are named by the legend.
func Q(legend string, e promql.Expr) Query { return Query{Expr: e, Legend: legend} }

// Traced is a query on a histogram whose observations lead to their traces.
func Traced(legend string, e promql.Expr) Query {
	return Query{Expr: e, Legend: legend, Exemplars: true}
}

// Column is a table's column.
func Column(title, unit string, e promql.Expr) Query {
	return Query{Expr: e, Legend: title, Unit: unit}
}

// NewGraph draws lines over time, a third of a row wide.
func NewGraph(title, unit, about string, queries ...Query) Panel {
	return Panel{Kind: Graph, Title: title, Unit: unit, About: about, Queries: queries, width: 8, height: 8}
}

// NewNumber shows the newest value, a sixth of a row wide. Its colour is green, and then that of the last limit reached.
func NewNumber(title, unit, about string, e promql.Expr, limits ...Limit) Panel {
	return Panel{Kind: Number, Title: title, Unit: unit, About: about, Queries: []Query{Q("", e)}, width: 4, height: 4, limits: limits}
}

// NewBars draws one bar for each series, a third of a row wide.
func NewBars(title, unit, about string, queries ...Query) Panel {
	return Panel{Kind: Bars, Title: title, Unit: unit, About: about, Queries: queries, width: 8, height: 8}
}

// NewTimeline draws bands of states, as wide as the row.
func NewTimeline(title, about string, states []State, queries ...Query) Panel {
	return Panel{Kind: Timeline, Title: title, Unit: "none", About: about, Queries: queries, width: gridWidth, height: 10, states: states}
}

// NewHeat draws the buckets of a histogram, a third of a row wide; the unit is that of the buckets' bounds.
func NewHeat(title, unit, about string, buckets promql.Expr) Panel {
	q := Query{Expr: promql.Sum(buckets, "le"), Legend: "{{le}}", Exemplars: true}
	return Panel{Kind: Heat, Title: title, Unit: unit, About: about, Queries: []Query{q}, width: 8, height: 8}
}

// NewTable shows what is true now, as wide as the row; its columns share their labels.
func NewTable(title, about string, columns ...Query) Panel {
	return Panel{Kind: Table, Title: title, Unit: "none", About: about, Queries: columns, width: gridWidth, height: 10}
}

// NewLogs shows log lines, as wide as the row; the query is Loki's.
func NewLogs(title, about string, query promql.Expr) Panel {
	return Panel{Kind: Logs, Title: title, Unit: "none", About: about, Queries: []Query{{Expr: query}}, width: gridWidth, height: 12}
}

// Wide makes the panel so many of the grid's 24 columns wide.
func (p Panel) Wide(columns int) Panel { p.width = columns; return p }

// High makes the panel so many of the grid's rows high; one is 30 pixels.
func (p Panel) High(rows int) Panel { p.height = rows; return p }

// Stacked draws each line on top of the one before.
func (p Panel) Stacked() Panel { p.stacked = true; return p }

// OrElse is what the panel says when there is nothing to show, where that is good news.
func (p Panel) OrElse(text string) Panel { p.empty = text; return p }

// Coloured gives the values their colours; see [NewNumber].
func (p Panel) Coloured(limits ...Limit) Panel { p.limits = limits; return p }

// Opens makes a click on a series lead to another dashboard, whose variable takes the value of the series' label.
func (p Panel) Opens(uid, variable, label string) Panel {
	p.opens = fmt.Sprintf("/d/%s?var-%s=${__field.labels.%s}&${__url_time_range}", uid, variable, label)
	return p
}
