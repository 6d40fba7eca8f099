package dashboards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// beyond are the fields of an annotation that Grafana's Prometheus plugin reads and the SDK's schema lacks.
var beyond = []string{"titleFormat", "textFormat"}

func TestEveryFileFitsGrafanasSchemaStrictly(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	names, err := filepath.Glob("generated/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("generated: got %v, %v", names, err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard.Dashboard
		if err := d.UnmarshalJSONStrict(withoutBeyond(t, raw)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheStrictReaderSeesAnUnknownField(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	raw, err := os.ReadFile("generated/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard.Dashboard
	if err := d.UnmarshalJSONStrict(raw); err == nil {
		t.Error("got no error for a field that the schema lacks: the other test proves nothing")
	}
}

func withoutBeyond(t *testing.T, raw []byte) []byte {
	t.Helper()
	var page map[string]any
	if err := json.Unmarshal(raw, &page); err != nil {
		t.Fatal(err)
	}
	for _, a := range page["annotations"].(map[string]any)["list"].([]any) {
		for _, field := range beyond {
			delete(a.(map[string]any), field)
		}
	}
	less, err := json.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	return less
}

func TestNoOptionOfAPanelIsLeftEmpty(t *testing.T) {
	for name := range pages(t, "generated/*.json") {
		raw, err := os.ReadFile(filepath.Join("generated", name))
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Panels []struct {
				Title   string
				Options any
			}
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Panels {
			for _, path := range empty("options", p.Options) {
				t.Errorf("%s: panel %q: %s is \"\", which is none of the values that Grafana knows", name, p.Title, path)
			}
		}
	}
}

// empty lists the paths of empty texts. The SDK writes them for a choice that was not made and has no default.
func empty(path string, value any) []string {
	var found []string
	switch v := value.(type) {
	case string:
		if v == "" {
			found = append(found, path)
		}
	case map[string]any:
		for key, inner := range v {
			found = append(found, empty(path+"."+key, inner)...)
		}
	case []any:
		for _, inner := range v {
			found = append(found, empty(path+"[]", inner)...)
		}
	}
	return found
}

func TestASharedFileAsksForItsDataSourcesAndNamesWhatItNeeds(t *testing.T) {
	for name, p := range pages(t, "generated/export/*.json") {
		raw, err := os.ReadFile(filepath.Join("generated", "export", name))
		if err != nil {
			t.Fatal(err)
		}
		var shared struct {
			ID       *int
			Inputs   []struct{ Name, Type, PluginID string } `json:"__inputs"`
			Requires []struct{ Type, ID string }             `json:"__requires"`
		}
		if err := json.Unmarshal(raw, &shared); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if shared.ID != nil {
			t.Errorf("%s: it has a number, which belongs to one Grafana only", name)
		}
		asked := map[string]string{}
		for _, in := range shared.Inputs {
			asked["${"+in.Name+"}"] = in.PluginID
		}
		sources := 0
		for _, v := range p.Templating.List {
			if v.Type == "datasource" {
				sources++
				if answer, _ := v.Current.Value.(string); asked[answer] != v.Query {
					t.Errorf("%s: variable %s begins with %v, want the input for %v", name, v.Name, v.Current.Value, v.Query)
				}
			}
		}
		if sources != len(shared.Inputs) || sources == 0 {
			t.Errorf("%s: got %d inputs for %d data sources", name, len(shared.Inputs), sources)
		}
		for _, q := range p.pictures() {
			if !slices.Contains(shared.Requires, struct{ Type, ID string }{"panel", q.Type}) {
				t.Errorf("%s: it does not say that it needs %s", name, q.Type)
			}
		}
	}
}
