package alerts

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

func TestServicesAreThoseOfTheShop(t *testing.T) {
	text, err := os.ReadFile("../system/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var shop struct {
		Units map[string]struct{ Kind string }
	}
	if err := yaml.Unmarshal(text, &shop); err != nil {
		t.Fatal(err)
	}
	var want []string
	for name, unit := range shop.Units {
		if unit.Kind == "service" {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(Services)); !slices.Equal(got, want) {
		t.Errorf("alerts know the services %v, shop.yaml has %v", got, want)
	}
}

// foreign lists the selectors of a query that other teams' series can match. A selector belongs to the shop by its job: by the
// matcher that all have, or by one service. What our own rules record belongs to it by sloth's id.
func foreign(expr string) (all []string, err error) {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil, err
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && !slices.ContainsFunc(s.LabelMatchers, ours) {
			all = append(all, s.String())
		}
		return nil
	})
	return all, nil
}

func ours(m *labels.Matcher) bool {
	switch {
	case m.Name == "job" && m.Type == labels.MatchEqual:
		return slices.Contains(Services, m.Value)
	case m.Name == "job" && m.Type == labels.MatchRegexp:
		return m.Value == strings.Join(Services, "|")
	}
	return m.Name == "sloth_id" && m.Type == labels.MatchEqual && strings.HasPrefix(m.Value, "shop-")
}

func TestEverySelectorOfARuleIsOfTheShop(t *testing.T) {
	for _, r := range rules(t) {
		all, err := foreign(r.Expr)
		if err != nil {
			t.Fatalf("%s%s: %v", r.Record, r.Alert, err)
		}
		for _, selector := range all {
			t.Errorf("%s%s: other teams' series match %s: add {%s}", r.Record, r.Alert, selector, OfTheShop)
		}
	}
}

func TestASelectorThatOthersMatchIsSeen(t *testing.T) {
	for expr, want := range map[string]int{
		`shop_ready{` + OfTheShop + `}`:                 0,
		`up{job="order"}`:                               0,
		`slo:sli_error:ratio_rate5m{sloth_id="shop-x"}`: 0,
		`shop_ready`:                                    1,
		`up{job="billing"}`:                             1,
		`up{job=~"gateway|.*"}`:                         1,
		`up{job!~"gateway"}`:                            1,
		`rate(shop_ready{` + OfTheShop + `}[5m]) / rate(up[5m])`:   1,
		`slo:sli_error:ratio_rate5m{sloth_id="billing-x"} or up{}`: 2,
	} {
		if got, err := foreign(expr); err != nil || len(got) != want {
			t.Errorf("%s: got %s, %v; want %d", expr, fmt.Sprint(got), err, want)
		}
	}
}
