package alerts

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
)

// unseen are the selectors that find nothing in the recordings, and why that is right.
var unseen = map[string]string{
	`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code=~"5..",http_route=~"/v1/(products|products/[{]id[}]|categories)"}`: "no scenario keeps shoppers from reading the catalogue",
	`rpc_server_call_duration_seconds_count{rpc_response_status_code=~"Unavailable|DeadlineExceeded|Aborted|Internal|Unknown"}`:                                        "no scenario makes a service answer with an error",
}

// recordings opens what `make chaos-test` left of every scenario in the folder that EVIDENCE names, see `make evidence-test`.
// Where it names none the test is skipped, and the file that NOT_TESTED names says so.
func recordings(t *testing.T) []recording {
	t.Helper()
	dir := os.Getenv("EVIDENCE")
	if dir == "" {
		missing(t, "", "selectors on recorded samples: run `make chaos-test`, then `make evidence-test`")
	}
	var all []recording
	for _, scenario := range files(t, filepath.Join("..", "scenarios", "*.yaml")) {
		name := strings.TrimSuffix(filepath.Base(scenario), ".yaml")
		r, err := open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s holds no recording of %s, which make chaos-test makes", dir, name)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
		all = append(all, r)
	}
	return all
}

// recording is what was scraped in one scenario.
type recording struct {
	*observe.Recorded
	from, to time.Time
}

func open(dir string) (recording, error) {
	folder, err := evidence.Open(dir)
	if err != nil {
		return recording{}, err
	}
	recorded, err := observe.Open(dir)
	if err != nil {
		return recording{}, err
	}
	phases := folder.Run.Phases
	return recording{recorded, phases[0].Start, phases[len(phases)-1].End}, nil
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
	all := recordings(t)
	seen := map[string]bool{}
	for _, r := range rules(t) {
		for _, selector := range selectors(t, r.Expr) {
			if _, asked := seen[selector]; asked {
				continue
			}
			for _, from := range all {
				series, err := from.QueryRange(t.Context(), selector, from.from, from.to, time.Second)
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
