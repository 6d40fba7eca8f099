// Package promql puts queries together from the catalogue's metrics, so that no metric's name is typed twice.
package promql

import (
	"fmt"
	"slices"
	"strings"

	"stormglass/alerts"
	"stormglass/system/platform/telemetry"
)

// Expr is a query in PromQL.
type Expr string

// window is the range of every rate. Grafana puts in four scrapes at least, and more where a pixel stands for more.
const window = "[$__rate_interval]"

// Value selects a gauge's series; matchers are written as in PromQL, such as `state="used"`.
func Value(m telemetry.Metric, matchers ...string) Expr { return selector(m.Name, matchers) }

// Rate is how fast a counter grows, per second.
func Rate(m telemetry.Metric, matchers ...string) Expr {
	return "rate(" + selector(m.Name, matchers) + window + ")"
}

// Observed is how many observations a histogram takes, per second.
func Observed(m telemetry.Metric, matchers ...string) Expr {
	return "rate(" + selector(m.Name+"_count", matchers) + window + ")"
}

// Buckets is how many observations fall into each of a histogram's buckets, per second: for quantiles and heat maps.
func Buckets(m telemetry.Metric, matchers ...string) Expr {
	return "rate(" + selector(m.Name+"_bucket", matchers) + window + ")"
}

// Total is how much a counter grew in the whole time that the dashboard shows.
func Total(m telemetry.Metric, matchers ...string) Expr {
	return "increase(" + selector(m.Name, matchers) + "[$__range])"
}

// Quantile estimates what the given share of a histogram's observations stays below, for each value of the labels in by.
func Quantile(q float64, m telemetry.Metric, by []string, matchers ...string) Expr {
	return Expr(fmt.Sprintf("histogram_quantile(%v, %s)", q, Sum(Buckets(m, matchers...), append([]string{"le"}, by...)...)))
}

// Sum adds up what differs in no label but those in by.
func Sum(e Expr, by ...string) Expr { return aggregate("sum", e, by) }

// Max is the greatest of what differs in no label but those in by.
func Max(e Expr, by ...string) Expr { return aggregate("max", e, by) }

// Min is the smallest of what differs in no label but those in by.
func Min(e Expr, by ...string) Expr { return aggregate("min", e, by) }

// Top keeps the n greatest.
func Top(n int, e Expr) Expr { return Expr(fmt.Sprintf("topk(%d, %s)", n, e)) }

// Share is which part of the whole some of its series are, from 0 to 1. Where the part has no series it is 0, and where
// the whole has none there is no answer: nothing happened, which is neither good nor bad.
func Share(part, whole Expr) Expr {
	return Expr(fmt.Sprintf("(%s or 0 * %s) / %s", part, whole, whole))
}

// Ratio divides series with the same labels; where the divisor is 0 there is no answer.
func Ratio(a, b Expr) Expr { return Expr(fmt.Sprintf("%s / (%s > 0)", a, b)) }

// Times multiplies by a number.
func Times(e Expr, factor string) Expr { return e + " * " + Expr(factor) }

// WhenAboveZero keeps the series that were above zero at some moment of the time that the dashboard shows, with all of
// their values: who was well all along takes up no room.
func WhenAboveZero(e Expr) Expr {
	return Expr(fmt.Sprintf("%s and max_over_time((%s)[$__range:] @ end()) > 0", e, e))
}

// AnyJob is the matcher of series that are not of the shop's own services: of other programs of its stack, or recorded by rules.
const AnyJob = `job=~".*"`

// selector adds the matcher of the shop's services, so that other teams' series of the same names are not shown.
func selector(name string, matchers []string) Expr {
	if !slices.Contains(matchers, AnyJob) {
		matchers = append([]string{alerts.OfTheShop}, matchers...)
	}
	return Expr(name + "{" + strings.Join(matchers, ",") + "}")
}

func aggregate(op string, e Expr, by []string) Expr {
	if len(by) == 0 {
		return Expr(fmt.Sprintf("%s(%s)", op, e))
	}
	return Expr(fmt.Sprintf("%s by (%s) (%s)", op, strings.Join(by, ", "), e))
}
