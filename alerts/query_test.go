package alerts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"stormglass/system/platform/telemetry"
)

// target are the labels that a scrape adds.
var target = []string{"job", "instance"}

// exported gives the labels of every series that a service exports, and of those that a scrape or the runtime adds.
func exported() map[string][]string {
	names := map[string][]string{"up": target, "process_start_time_seconds": target}
	for _, m := range telemetry.Catalogue() {
		own := slices.Concat(target, m.Labels)
		if m.Kind != telemetry.Histogram {
			names[m.Name] = own
			continue
		}
		names[m.Name+"_bucket"] = append([]string{"le"}, own...)
		names[m.Name+"_count"], names[m.Name+"_sum"] = own, own
	}
	return names
}

// recorded adds the series that our own rules record.
func recorded(t *testing.T) map[string][]string {
	t.Helper()
	names := exported()
	for _, r := range rules(t) {
		if r.Record != "" {
			names[r.Record] = slices.Collect(maps.Keys(r.Labels))
		}
	}
	return names
}

// mistakes lists what is wrong with a query: it does not parse, names a series that there is not, or a label that its
// series does not have.
func mistakes(known map[string][]string, expr string) []error {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", expr, err)}
	}
	var wrong []error
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			own, there := known[n.Name]
			if !there {
				wrong = append(wrong, fmt.Errorf("nobody exports %s", n.Name))
			}
			for _, m := range n.LabelMatchers {
				if there && m.Name != labels.MetricName && !slices.Contains(own, m.Name) {
					wrong = append(wrong, fmt.Errorf("%s has no label %s", n.Name, m.Name))
				}
			}
		case *parser.AggregateExpr:
			for _, label := range n.Grouping {
				if !slices.Contains(labelsUnder(known, n.Expr), label) {
					wrong = append(wrong, fmt.Errorf("%s groups by %s, which nothing in it has", n, label))
				}
			}
		}
		return nil
	})
	return wrong
}

// labelsUnder gives the labels of all series in a part of a query.
func labelsUnder(known map[string][]string, part parser.Expr) []string {
	var all []string
	parser.Inspect(part, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			all = append(all, known[s.Name]...)
		}
		return nil
	})
	return all
}

func TestRulesAskForWhatThereIs(t *testing.T) {
	known := recorded(t)
	for _, r := range rules(t) {
		for _, wrong := range mistakes(known, r.Expr) {
			t.Errorf("%s%s: %v", r.Record, r.Alert, wrong)
		}
	}
}

func TestAQueryForWhatThereIsNotIsSeen(t *testing.T) {
	known := recorded(t)
	for expr, want := range map[string]string{
		`sum(`:                                  "unclosed left parenthesis",
		`shop_breakers_open > 0`:                "nobody exports shop_breakers_open",
		`shop_ready{state="x"} > 0`:             "shop_ready has no label state",
		`sum by (queue) (shop_ready) > 0`:       "groups by queue",
		`shop_saga_duration_seconds > 0`:        "nobody exports shop_saga_duration_seconds",
		`rate(shop_funnel_total{le="1"}[1m])`:   "has no label le",
		`slo:sli_error:ratio_rate7d{x="y"} > 0`: "nobody exports slo:sli_error:ratio_rate7d",
	} {
		if got := fmt.Sprint(mistakes(known, expr)); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %q", expr, got, want)
		}
	}
}
