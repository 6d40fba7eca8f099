package alerts

import (
	"fmt"
	"strconv"
	"strings"
)

// period is the time that an objective is kept for.
const period = "30d"

// windows are those that the error ratio is recorded over, sloth's.
var windows = [...]string{"5m", "30m", "1h", "2h", "6h", "1d", "3d"}

// burn is a rate of spending the error budget, seen over a long window, and over a short one that ends soon after the
// trouble does. A rate of 1 spends the budget in just the period.
//
// The four are those of Google's SRE workbook, chapter 5, table 5-8: 2 % of a month's budget in an hour and 5 % in six
// wake somebody; 10 % in a day and in three days can wait for the morning.
type burn struct {
	rate        float64
	short, long string
}

// urgencies gives the burns that each severity stands for.
func urgencies() []urgency {
	return []urgency{
		{Page, [2]burn{{14.4, "5m", "1h"}, {6, "30m", "6h"}}, "within days"},
		{Ticket, [2]burn{{3, "2h", "1d"}, {1, "6h", "3d"}}, "within weeks"},
	}
}

type urgency struct {
	severity string
	burns    [2]burn
	gone     string
}

// interval is the time between two looks at an objective. They reach back for days, so that looking more often would cost
// more than it tells: the shortest window is ten times as long.
const interval = "30s"

// Rules gives one group of rules for each objective.
func Rules(objectives []Objective) File {
	var f File
	for _, o := range objectives {
		f.Groups = append(f.Groups, Group{Name: "slo-" + o.Name, Interval: interval, Rules: append(o.recordings(), o.alerts()...)})
	}
	return f
}

// recordings gives what dashboards and alerts read, under sloth's names.
func (o Objective) recordings() []Rule {
	var rules []Rule
	for _, w := range windows {
		rules = append(rules, o.record("slo:sli_error:ratio_rate"+w, o.errorRatio(w), label{"sloth_window", w}))
	}
	own := o.selector
	rules = append(rules,
		o.record("slo:sli_error:ratio_rate"+period,
			fmt.Sprintf("sum_over_time(%[1]s[%[2]s])\n/ ignoring (sloth_window)\ncount_over_time(%[1]s[%[2]s])", own("slo:sli_error:ratio_rate5m"), period), label{"sloth_window", period}),
		o.record("slo:objective:ratio", fmt.Sprintf("vector(%s)", decimal(o.Goal))),
		o.record("slo:error_budget:ratio", fmt.Sprintf("vector(%s)", o.budget())),
		o.record("slo:time_period:days", "vector("+strings.TrimSuffix(period, "d")+")"),
		o.record("slo:current_burn_rate:ratio", perBudget(own("slo:sli_error:ratio_rate5m"), own("slo:error_budget:ratio"))),
		o.record("slo:period_burn_rate:ratio", perBudget(own("slo:sli_error:ratio_rate"+period), own("slo:error_budget:ratio"))),
		o.record("slo:period_error_budget_remaining:ratio", "1 - "+own("slo:period_burn_rate:ratio")),
		o.record("sloth_slo_info", "vector(1)", label{"sloth_mode", "generated"}, label{"sloth_objective", decimal(100 * o.Goal)}),
	)
	return rules
}

// errorRatio is the share of bad events. A series that was never bad does not exist, and counts as 0 and not as unknown.
func (o Objective) errorRatio(window string) string {
	all := o.All(window)
	return fmt.Sprintf("(%s or 0 * %s)\n/\n(%s > 0)", o.Bad(window), all, all)
}

func perBudget(errors, budget string) string {
	return fmt.Sprintf("%s\n/ on (sloth_id, sloth_slo, sloth_service) group_left ()\n%s", errors, budget)
}

// alerts gives the page and the ticket.
func (o Objective) alerts() []Rule {
	var rules []Rule
	for _, u := range urgencies() {
		rules = append(rules, Rule{
			Alert: o.Alert,
			Expr:  o.burning(u.burns[0]) + "\nor\n" + o.burning(u.burns[1]),
			Labels: append(o.labels(), label{"severity", u.severity}, label{"category", Symptom}, label{"service", o.Service},
				label{"sloth_severity", u.severity}),
			Annotations: pairs{
				{"summary", fmt.Sprintf("Too many %s: the error budget of %s is gone %s", o.Broken, o.Name, u.gone)},
				{"description", o.Promise + " Now {{ $value | humanizePercentage }} are not; the budget is " + percent(1-o.Goal) + "."},
				{"runbook_url", Runbook(o.Alert)},
			},
		})
	}
	return rules
}

// burning holds while both windows burn faster than the rate; its value is the short window's error ratio.
func (o Objective) burning(b burn) string {
	over := func(window string) string {
		return fmt.Sprintf("max without (sloth_window) (%s > (%s * %s))", o.selector("slo:sli_error:ratio_rate"+window), decimal(b.rate), o.budget())
	}
	return fmt.Sprintf("(\n  %s\n  and\n  %s\n)", over(b.short), over(b.long))
}

func (o Objective) record(name, expr string, more ...label) Rule {
	return Rule{Record: name, Expr: expr, Labels: append(o.labels(), more...)}
}

// labels are those by which sloth's dashboards know an objective.
func (o Objective) labels() pairs {
	return pairs{{"sloth_id", "shop-" + o.Name}, {"sloth_service", "shop"}, {"sloth_slo", o.Name}}
}

func (o Objective) selector(name string) string {
	var matchers []string
	for _, l := range o.labels() {
		matchers = append(matchers, fmt.Sprintf("%s=%q", l.name, l.value))
	}
	return selector(name, matchers)
}

func (o Objective) budget() string { return decimal(1 - o.Goal) }

func selector(name string, matchers []string) string {
	if len(matchers) == 0 {
		return name
	}
	return name + "{" + strings.Join(matchers, ", ") + "}"
}

// decimal writes a number without the noise of binary fractions.
func decimal(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

func percent(share float64) string { return decimal(100*share) + " %" }
