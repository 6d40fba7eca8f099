package alerts

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"stormglass/chaos/evidence/evidencetest"
)

// unseen are the selectors that find nothing in the recordings, and why that is right.
var unseen = map[string]string{
	`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code=~"5..",http_route=~"/v1/(products|products/[{]id[}]|categories)",` + OfTheShop + `}`: "no scenario keeps shoppers from reading the catalogue",
	`rpc_server_call_duration_seconds_count{` + OfTheShop + `,rpc_response_status_code=~"Unavailable|DeadlineExceeded|Aborted|Internal|Unknown"}`:                                        "no scenario makes a service answer with an error",
}

// selectors gives every selector of a rule of a series that services export, as PromQL writes it.
func selectors(t *testing.T, expr string) []string {
	t.Helper()
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && exported()[s.Name] != nil {
			plain := parser.VectorSelector{Name: s.Name, LabelMatchers: s.LabelMatchers}
			all = append(all, plain.String())
		}
		return nil
	})
	return all
}

// A label's value with a slip of the pen selects nothing, and its alert could never fire.
func TestEverySelectorFindsSeriesInAShopThatRan(t *testing.T) {
	all := evidencetest.Recordings(t, "../scenarios", "alerts: selectors")
	seen := map[string]bool{}
	for _, r := range rules(t) {
		for _, selector := range selectors(t, r.Expr) {
			if _, asked := seen[selector]; asked {
				continue
			}
			for _, from := range all {
				series, err := from.QueryRange(t.Context(), selector, from.From, from.To, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				seen[selector] = seen[selector] || len(series) > 0
			}
			if !seen[selector] && unseen[selector] == "" {
				t.Errorf("%s%s: nothing matches %s; if the recordings are old, run make chaos-test", r.Record, r.Alert, selector)
			}
		}
	}
	for selector := range unseen {
		if _, asked := seen[selector]; !asked {
			t.Errorf("%s is excused and in no rule", selector)
		}
	}
}
