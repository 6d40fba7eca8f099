package dashboards

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	shopalerts "stormglass/alerts"
	"stormglass/system/platform/telemetry"
)

// builtIn are the variables that Grafana fills in by itself.
var builtIn = []string{"__rate_interval", "__range"}

// used finds variables in queries and texts.
var used = regexp.MustCompile(`\$\{?(\w+)\}?`)

// fill puts values in the place of variables: all there is for what readers choose, and the given spans of time.
func fill(expr, window, whole string) string {
	return used.ReplaceAllStringFunc(expr, func(name string) string {
		switch strings.Trim(name, "${}") {
		case "__rate_interval":
			return window
		case "__range":
			return whole
		}
		return ".*"
	})
}

// known gives the labels of every series that a query may name.
func known() map[string][]string {
	names := map[string][]string{}
	for _, m := range append(telemetry.Catalogue(), Outside()...) {
		own := append([]string{job, instance}, m.Labels...)
		if m.Kind != telemetry.Histogram {
			names[m.Name] = own
			continue
		}
		names[m.Name+"_bucket"] = append([]string{"le"}, own...)
		names[m.Name+"_count"], names[m.Name+"_sum"] = own, own
	}
	return names
}

// mistakes lists what is wrong with a query: it does not parse, names a metric that nobody exports, or a label that the
// metric does not have.
func mistakes(expr string) []error {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(fill(expr, "1m", "1h"))
	if err != nil {
		return []error{err}
	}
	var wrong []error
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			wrong = append(wrong, wrongSelector(n)...)
		case *parser.AggregateExpr:
			for _, label := range n.Grouping {
				if !slices.Contains(labelsUnder(n.Expr), label) {
					wrong = append(wrong, fmt.Errorf("%s groups by %s, which nothing in it has", n, label))
				}
			}
		}
		return nil
	})
	return wrong
}

func wrongSelector(s *parser.VectorSelector) []error {
	own, ok := known()[s.Name]
	if !ok {
		return []error{fmt.Errorf("metric %q is neither in the catalogue nor listed as one from outside", s.Name)}
	}
	var wrong []error
	for _, m := range s.LabelMatchers {
		if m.Name != labels.MetricName && !slices.Contains(own, m.Name) {
			wrong = append(wrong, fmt.Errorf("metric %s has no label %s", s.Name, m.Name))
		}
	}
	return wrong
}

// labelsUnder gives the labels of all metrics in a part of a query.
func labelsUnder(part parser.Expr) []string {
	var all []string
	parser.Inspect(part, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			all = append(all, known()[s.Name]...)
		}
		return nil
	})
	return all
}

func TestEveryQueryParsesAndNamesOnlyMetricsAndLabelsThatThereAre(t *testing.T) {
	checked := 0
	for name, p := range pages(t, "generated/*.json") {
		for _, q := range p.pictures() {
			if q.Datasource.Type != "prometheus" {
				continue
			}
			for _, target := range q.Targets {
				checked++
				for _, err := range mistakes(target.Expr) {
					t.Errorf("%s: panel %q: %v\nin %s", name, q.Title, err, target.Expr)
				}
			}
		}
		for _, m := range p.Annotations.List {
			checked++
			for _, err := range mistakes(m.Expr) {
				t.Errorf("%s: mark %q: %v", name, m.TextFormat, err)
			}
		}
	}
	if checked < 100 {
		t.Errorf("checked %d queries: the walk missed most of them", checked)
	}
}

// foreign lists the selectors of a query that other teams' series can match: those without the matcher of the shop's services,
// unless the metric is none of theirs.
func foreign(t *testing.T, expr string) (all []string) {
	t.Helper()
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(fill(expr, "1m", "1h"))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := parser.NewParser(parser.Options{}).ParseMetricSelector("{" + shopalerts.OfTheShop + "}")
	if err != nil {
		t.Fatal(err)
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		s, ok := n.(*parser.VectorSelector)
		if ok && !slices.Contains(othersMake, s.Name) && !slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool { return m.String() == ours[0].String() }) {
			all = append(all, s.String())
		}
		return nil
	})
	return all
}

// othersMake are the metrics of other programs of the stack, and what rules record.
var othersMake = []string{budgetLeft.Name, burnRate.Name, alerts.Name, proxyReceived.Name, proxySent.Name}

func TestEveryQueryIsOfTheShop(t *testing.T) {
	for name, p := range pages(t, "generated/*.json") {
		var all []string
		for _, q := range p.pictures() {
			for _, target := range q.Targets {
				if q.Datasource.Type == "prometheus" {
					all = append(all, target.Expr)
				}
			}
		}
		for _, m := range p.Annotations.List {
			all = append(all, m.Expr)
		}
		for _, v := range p.Templating.List {
			if m := choices.FindStringSubmatch(fmt.Sprint(v.Query)); v.Type == "query" && m != nil {
				all = append(all, m[1]+m[2])
			}
		}
		for _, expr := range all {
			for _, selector := range foreign(t, expr) {
				t.Errorf("%s: other teams' series match %s", name, selector)
			}
		}
	}
	for expr, want := range map[string]int{`up`: 1, `up{job=~".*"}`: 1, `shop_ready{job="order"} / up`: 2, alerts.Name: 0, `up{` + shopalerts.OfTheShop + `}`: 0} {
		if got := foreign(t, expr); len(got) != want {
			t.Errorf("%s: got %v, want %d", expr, got, want)
		}
	}
}

func TestAWrongQueryIsSeen(t *testing.T) {
	for expr, want := range map[string]string{
		`sum(`:                        "unclosed left parenthesis",
		`shop_breakers_open`:          `"shop_breakers_open" is neither`,
		`shop_ready{state="x"}`:       "shop_ready has no label state",
		`sum by (queue) (shop_ready)`: "groups by queue",
		`shop_saga_duration_seconds`:  "is neither",
		`rate(shop_funnel_total{bucket="1"}[$__rate_interval])`: "has no label bucket",
	} {
		if got := fmt.Sprint(mistakes(expr)); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %q", expr, got, want)
		}
	}
}

func TestVariablesInQueriesAreOnThePage(t *testing.T) {
	for name, p := range pages(t, "generated/*.json") {
		there := append(p.variableNames(), builtIn...)
		for _, q := range p.pictures() {
			texts := []string{q.Datasource.UID}
			for _, target := range q.Targets {
				texts = append(texts, target.Expr)
			}
			for _, m := range used.FindAllStringSubmatch(strings.Join(texts, " "), -1) {
				if !slices.Contains(there, m[1]) {
					t.Errorf("%s: panel %q uses $%s, which the page does not have", name, q.Title, m[1])
				}
			}
		}
	}
}

// choices are what a page's variables are filled from: a metric and one of its labels.
var choices = regexp.MustCompile(`^label_values\((\w+)(\{.*\})?, (\w+)\)$`)

func TestVariablesAreFilledFromMetricsThatThereAre(t *testing.T) {
	found := 0
	for name, p := range pages(t, "generated/*.json") {
		for _, v := range p.Templating.List {
			if v.Description == "" {
				t.Errorf("%s: variable %s has no description", name, v.Name)
			}
			if v.Type != "query" {
				continue
			}
			found++
			m := choices.FindStringSubmatch(fmt.Sprint(v.Query))
			if m == nil {
				t.Errorf("%s: variable %s: got %v, want label_values(metric, label)", name, v.Name, v.Query)
				continue
			}
			for _, err := range mistakes("group by (" + m[3] + ") (" + m[1] + m[2] + ")") {
				t.Errorf("%s: variable %s: %v", name, v.Name, err)
			}
		}
	}
	if found == 0 {
		t.Error("no page has a variable to choose from")
	}
}
