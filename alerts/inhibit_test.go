package alerts

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// inhibition is one of Alertmanager's inhibit_rules.
type inhibition struct {
	Source []string `yaml:"source_matchers"`
	Target []string `yaml:"target_matchers"`
	Equal  []string
}

// alert is an alert's labels.
type alert map[string]string

func (i inhibition) silences(t *testing.T, target, source alert) bool {
	t.Helper()
	return matches(t, i.Source, source) && matches(t, i.Target, target) &&
		!slices.ContainsFunc(i.Equal, func(label string) bool { return source[label] != target[label] })
}

func matches(t *testing.T, matchers []string, a alert) bool {
	t.Helper()
	all, err := parser.NewParser(parser.Options{}).ParseMetricSelector("{" + strings.Join(matchers, ", ") + "}")
	if err != nil {
		t.Fatalf("%q: %v", matchers, err)
	}
	return !slices.ContainsFunc(all, func(m *labels.Matcher) bool { return !m.Matches(a[m.Name]) })
}

// desk is what Alertmanager has before it: our alerts, by name and severity, and who silences whom.
type desk struct {
	*testing.T
	alarms map[string]written
	rules  []inhibition
}

func newDesk(t *testing.T) desk {
	t.Helper()
	var config struct {
		Route, Receivers any
		Rules            []inhibition `yaml:"inhibit_rules"`
	}
	read(t, "alertmanager.yaml", &config)
	return desk{t, alarms(t), config.Rules}
}

// with gives an alert of ours with labels that its rule takes from the series.
func (d desk) with(name string, more alert) alert {
	d.Helper()
	rule, there := d.alarms[name]
	if !there {
		d.Fatalf("there is no alert %s", name)
	}
	a := alert{"alertname": rule.Alert}
	for _, from := range []map[string]string{rule.Labels, more} {
		maps.Copy(a, from)
	}
	return a
}

func (d desk) silenced(target, source alert) bool {
	d.Helper()
	return slices.ContainsFunc(d.rules, func(i inhibition) bool { return i.silences(d.T, target, source) })
}

func TestAPageForWhatShoppersNoticeKeepsItsCausesQuiet(t *testing.T) {
	d := newDesk(t)
	breaker := func(client, server string) alert { return alert{"service": client, "client": client, "server": server} }
	for _, c := range []struct {
		source, target string
		about          alert
		quiet          bool
	}{
		{"CheckoutFailing page", "BreakerOpen ticket", breaker("gateway", "order"), true},
		{"CheckoutFailing page", "BreakerOpen ticket", breaker("order", "order-db"), true},
		{"CheckoutFailing page", "BreakerOpen ticket", breaker("payment", "card-processor"), false},
		{"CheckoutFailing page", "CheckoutFailing ticket", nil, true},
		{"CheckoutFailing page", "CheckoutSlow ticket", nil, false},
		{"CheckoutFailing ticket", "BreakerOpen ticket", breaker("gateway", "order"), false},
		{"OrdersCompleteLate page", "CardProcessorFailing ticket", nil, true},
		{"OrdersCompleteLate page", "OutboxWaiting ticket", alert{"service": "order"}, true},
		{"OrdersCompleteLate page", "CompanyFailing ticket", alert{"service": "notification"}, false},
		{"BrowsingFailing page", "LatencyHigh ticket", alert{"service": "product"}, true},
		{"BrowsingFailing page", "LatencyHigh ticket", alert{"service": "order"}, false},
	} {
		if got := d.silenced(d.with(c.target, c.about), d.with(c.source, nil)); got != c.quiet {
			t.Errorf("%s under %s: quiet is %v, want %v (%v)", c.target, c.source, got, c.quiet, c.about)
		}
	}
}

func TestAServiceThatIsDownExplainsTheBreakersTowardsIt(t *testing.T) {
	d := newDesk(t)
	down := d.with("ServiceDown page", alert{"service": "payment", "server": "payment"})
	for server, want := range map[string]bool{"payment": true, "shipping": false} {
		if got := d.silenced(d.with("BreakerOpen ticket", alert{"service": "gateway", "server": server}), down); got != want {
			t.Errorf("the breaker towards %s: quiet is %v, want %v", server, got, want)
		}
	}
}

func TestNoPageAndNothingAboutMoneyIsEverSilenced(t *testing.T) {
	d := newDesk(t)
	for target, rule := range d.alarms {
		if rule.Labels["severity"] != Page && rule.Labels["category"] != Business {
			continue
		}
		for source := range d.alarms {
			for _, service := range []string{"gateway", "order", "payment"} {
				same := alert{"service": service, "server": service, "client": service}
				if d.silenced(d.with(target, same), d.with(source, same)) {
					t.Errorf("%s is silenced by %s", target, source)
				}
			}
		}
	}
}
