package dashboards

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"stormglass/chaos/observe"
)

// onlyInContainers are the panels whose data only the whole stack in containers has, by page and title, and why.
var onlyInContainers = map[string]string{
	"shop.json: Error budgets":             "a recording rule's series; the harness evaluates no rules",
	"shop.json: Burn rate":                 "a recording rule's series; the harness evaluates no rules",
	"chaos.json: Alerts":                   "Prometheus' own series about its rules; the harness scrapes and evaluates no rules",
	"chaos.json: Taken in by the proxies":  "the harness uses Toxiproxy as a library, without its metrics page",
	"chaos.json: Passed on by the proxies": "the harness uses Toxiproxy as a library, without its metrics page",
	"chaos.json: Warnings and errors":      "log lines are Loki's",
	"shop.json: Log lines":                 "log lines are Loki's",
	"service.json: Log lines":              "log lines are Loki's",
}

// calm are the panels that no scenario, or not every run of them, moves from zero, and why. They must have data all the same.
var calm = map[string]string{
	"shop.json: Errors":                     noError,
	"service.json: Errors":                  noError,
	"shop.json: Reservations that expired":  noExpiry,
	"messaging.json: Expired reservations":  noExpiry,
	"shop.json: Sessions revoked":           "no shopper uses a stolen refresh token",
	"shop.json: Held past its time":         noExpiry,
	"shop.json: Sold without goods":         noExpiry,
	"shop.json: Refunds that failed":        "a scenario's refunds succeed in the end",
	"shop.json: Charges that differ":        "no scenario makes the shop's books wrong",
	"service.json: Doing without":           notAsked,
	"backends.json: Passwords being hashed": "a cell's passwords are hashed in a few milliseconds, and a scrape comes twice a second",
}

// unasked are single queries, by page, title and legend, that may stay without data because no scenario makes the event
// that they filter for.
var unasked = map[string]string{
	"chaos.json: Fault windows: {{job}} lacks {{dependency}}": notAsked,
}

const (
	noError  = "an error of the shop's own is rare, whatever the fault"
	noExpiry = "no scenario lasts as long as a reservation"
	notAsked = "a service looks for its dependencies when it is asked for its readiness, which in a scenario is when it starts"
)

// seen is what the recordings have to say to a query.
type seen struct {
	points int             // finite ones
	moved  bool            // one of them is not zero
	bare   map[string]bool // labels of the legend that a series lacks
}

// legendLabel finds the labels in a legend.
var legendLabel = regexp.MustCompile(`{{\s*(\w+)\s*}}`)

func (s *seen) add(answer observe.Matrix, legend string) {
	for _, series := range answer {
		for _, m := range legendLabel.FindAllStringSubmatch(legend, -1) {
			if series.Labels[m[1]] == "" {
				s.bare[m[1]] = true
			}
		}
		for _, p := range series.Points {
			if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
				s.points++
				s.moved = s.moved || p.Value != 0
			}
		}
	}
}

// look asks one recording after the other until something moves.
func look(t *testing.T, all []recording, expr, legend string) seen {
	t.Helper()
	s := seen{bare: map[string]bool{}}
	for _, r := range all {
		if s.add(r.ask(t, expr), legend); s.moved {
			break
		}
	}
	return s
}

// TestWhatTheScenariosRecorded opens the recordings once for all that asks them.
func TestWhatTheScenariosRecorded(t *testing.T) {
	all := recordings(t)
	t.Run("gives every panel data", func(t *testing.T) { everyPanelHasData(t, all) })
	t.Run("has every mark", func(t *testing.T) { everyMarkAppears(t, all) })
	t.Run("fills every variable", func(t *testing.T) { everyVariableHasValues(t, all) })
	t.Run("has traces for every query that promises them", func(t *testing.T) { everyPromisedTraceIsThere(t, all) })
}

func everyPanelHasData(t *testing.T, all []recording) {
	for name, p := range pages(t, "generated/*.json") {
		for _, q := range p.pictures() {
			key := name + ": " + q.Title
			if onlyInContainers[key] != "" {
				continue
			}
			moved := false
			for _, target := range q.Targets {
				s := look(t, all, target.Expr, target.LegendFormat)
				moved = moved || s.moved
				if s.points == 0 && unasked[key+": "+target.LegendFormat] == "" {
					t.Errorf("%s: no data for %s (if the recording is older than the code, run `make chaos-test`)", key, target.Expr)
				}
				if len(s.bare) > 0 {
					t.Errorf("%s: series of %q lack the labels %v", key, target.LegendFormat, slices.Collect(maps.Keys(s.bare)))
				}
			}
			if !moved && calm[key] == "" {
				t.Errorf("%s: it is zero throughout all scenarios, so nobody has seen it work", key)
			}
		}
	}
}

func everyMarkAppears(t *testing.T, all []recording) {
	for _, m := range pages(t, "generated/*.json")["chaos.json"].Annotations.List {
		s := look(t, all, m.Expr, m.TextFormat)
		if !s.moved || len(s.bare) > 0 {
			t.Errorf("mark %q: got %d points, labels missing: %v", m.TextFormat, s.points, s.bare)
		}
	}
}

func everyVariableHasValues(t *testing.T, all []recording) {
	for name, p := range pages(t, "generated/*.json") {
		for _, v := range p.Templating.List {
			query, ok := v.Query.(string)
			if m := choices.FindStringSubmatch(query); ok && m != nil {
				if s := look(t, all, "group by ("+m[3]+") ("+m[1]+m[2]+")", "{{"+m[3]+"}}"); s.points == 0 || len(s.bare) > 0 {
					t.Errorf("%s: variable %s has nothing to choose from", name, v.Name)
				}
			}
		}
	}
}

func everyPromisedTraceIsThere(t *testing.T, all []recording) {
	promised := map[string]string{}
	for name, p := range pages(t, "generated/*.json") {
		for _, q := range p.pictures() {
			for _, target := range q.Targets {
				if target.Exemplar {
					promised[buckets(t, target.Expr)] = name + ": " + q.Title
				}
			}
		}
	}
	if len(promised) == 0 {
		t.Error("no query asks for exemplars")
	}
	for selector, where := range promised {
		if !slices.ContainsFunc(all, func(r recording) bool { return traced(t, r, selector) }) {
			t.Errorf("%s: no observation of %s leads to a trace", where, selector)
		}
	}
}

// buckets is the part of a query that selects a histogram's buckets, which carry the exemplars.
func buckets(t *testing.T, expr string) string {
	t.Helper()
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(fill(expr, "1m", "1h"))
	if err != nil {
		t.Fatal(err)
	}
	var found string
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			found = s.String()
		}
		return nil
	})
	return found
}

func traced(t *testing.T, r recording, selector string) bool {
	t.Helper()
	found, err := r.Exemplars(t.Context(), selector, r.From, r.To.Add(time.Second))
	if err != nil {
		t.Fatalf("%s: %v", r.Name, err)
	}
	return slices.ContainsFunc(found, func(e observe.Exemplar) bool { return len(e.Labels["trace_id"]) == 32 })
}

func TestTheListsOfExceptionsNamePanelsThatThereAre(t *testing.T) {
	there := map[string]bool{}
	for name, p := range pages(t, "generated/*.json") {
		for _, q := range p.pictures() {
			there[name+": "+q.Title] = true
			for _, target := range q.Targets {
				there[name+": "+q.Title+": "+target.LegendFormat] = true
			}
		}
	}
	for _, list := range []map[string]string{onlyInContainers, calm, unasked} {
		for key := range list {
			if !there[key] {
				t.Errorf("%q is excused and not there", key)
			}
		}
	}
}
