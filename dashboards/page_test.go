package dashboards

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page is what the tests read of a generated file: the JSON as it ships, not the Go that it came from.
type page struct {
	UID, Title    string
	SchemaVersion int
	Tags          []string
	Panels        []panel
	Templating    struct{ List []variable }
	Annotations   struct{ List []mark }
	Links         []struct{ Type string }
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ Type, UID string }
	Targets                  []target
	FieldConfig              struct {
		Defaults struct {
			Unit  string
			Links []struct{ URL string }
		}
	}
}

type target struct {
	Expr, LegendFormat string
	Exemplar           bool
}

type variable struct {
	Name, Type, Description string
	Query                   any
	Current                 struct{ Value any }
}

type mark struct {
	Expr, TextFormat string
}

// pages reads the generated files of a folder by their names.
func pages(t *testing.T, pattern string) map[string]page {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) != len(All()) {
		t.Fatalf("%s: got %d files (%v), want %d", pattern, len(names), err, len(All()))
	}
	found := map[string]page{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var p page
		if err := json.Unmarshal(raw, &p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found[filepath.Base(name)] = p
	}
	return found
}

// pictures are the panels that are not rows.
func (p page) pictures() []panel {
	return slices.DeleteFunc(slices.Clone(p.Panels), func(q panel) bool { return q.Type == "row" })
}

func (p page) variableNames() []string {
	var names []string
	for _, v := range p.Templating.List {
		names = append(names, v.Name)
	}
	return names
}

func TestGeneratedFilesAreWhatTheCodeDraws(t *testing.T) {
	want, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	for _, pattern := range []string{"generated/*.json", "generated/export/*.json"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got[strings.TrimPrefix(name, "generated/")] = content
		}
	}
	for name := range maps.Keys(want) {
		if string(got[name]) != string(want[name]) {
			t.Errorf("generated/%s is not what the code draws: run `make dashboards`", name)
		}
	}
	for name := range maps.Keys(got) {
		if want[name] == nil {
			t.Errorf("generated/%s belongs to no dashboard: run `make dashboards`", name)
		}
	}
}

func TestWritingReplacesWhatTheFolderHeld(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gone.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "gone.json")); !os.IsNotExist(err) {
		t.Errorf("the file of a dashboard that is gone is still there: %v", err)
	}
	for _, name := range []string{"shop.json", "export/shop.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s was not written: %v", name, err)
		}
	}
}

func TestEveryPanelSaysWhatItShowsAndInWhichUnit(t *testing.T) {
	for name, p := range pages(t, "generated/*.json") {
		titles := map[string]bool{}
		for _, q := range p.pictures() {
			if len(q.Description) < 15 || !strings.HasSuffix(q.Description, ".") {
				t.Errorf("%s: panel %q: description is %q, want a sentence", name, q.Title, q.Description)
			}
			if q.FieldConfig.Defaults.Unit == "" {
				t.Errorf("%s: panel %q has no unit", name, q.Title)
			}
			if len(q.Targets) == 0 {
				t.Errorf("%s: panel %q asks nothing", name, q.Title)
			}
			if titles[q.Title] {
				t.Errorf("%s: two panels are called %q", name, q.Title)
			}
			titles[q.Title] = true
		}
		if len(titles) < 9 {
			t.Errorf("%s: got %d panels, want a page full", name, len(titles))
		}
	}
}

func TestPanelsLieSideBySideWithoutOverlap(t *testing.T) {
	for name, p := range pages(t, "generated/*.json") {
		taken := map[[2]int]string{}
		for _, q := range p.Panels {
			g := q.GridPos
			if g.X < 0 || g.X+g.W > 24 || g.W < 1 || g.H < 1 {
				t.Errorf("%s: %q leaves the grid: %+v", name, q.Title, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s: %q lies on top of %q", name, q.Title, other)
					}
					taken[[2]int{x, y}] = q.Title
				}
			}
		}
	}
}

func TestPagesAndPanelsHaveNumbersAndNamesOfTheirOwn(t *testing.T) {
	uids := map[string]string{}
	for name, p := range pages(t, "generated/*.json") {
		if other := uids[p.UID]; other != "" || p.UID == "" {
			t.Errorf("%s and %s are both called %q", name, other, p.UID)
		}
		uids[p.UID] = name
		if p.SchemaVersion < 39 || p.SchemaVersion > 42 {
			t.Errorf("%s: schema version is %d, want the classic one, 39 to 42", name, p.SchemaVersion)
		}
		ids := map[int]bool{}
		for _, q := range p.Panels {
			if q.ID == 0 || ids[q.ID] {
				t.Errorf("%s: panel %q: number %d is not its own", name, q.Title, q.ID)
			}
			ids[q.ID] = true
		}
	}
}

func TestLinksLeadToDashboardsThatThereAre(t *testing.T) {
	known := pages(t, "generated/*.json")
	target := regexp.MustCompile(`^/d/([a-z-]+)\?var-([a-z_]+)=`)
	followed := 0
	for name, p := range known {
		if len(p.Links) != 1 || p.Links[0].Type != "dashboards" || !slices.Equal(p.Tags, []string{"stormglass"}) {
			t.Errorf("%s: tags %v and links %v do not lead to the other pages", name, p.Tags, p.Links)
		}
		for _, q := range p.pictures() {
			for _, link := range q.FieldConfig.Defaults.Links {
				m := target.FindStringSubmatch(link.URL)
				if m == nil {
					t.Errorf("%s: %q: %s is no link to a dashboard", name, q.Title, link.URL)
					continue
				}
				to, ok := known[strings.TrimPrefix(m[1], "stormglass-")+".json"]
				if !ok || !slices.Contains(to.variableNames(), m[2]) {
					t.Errorf("%s: %q leads to %s, which has no variable %s or is not there", name, q.Title, m[1], m[2])
				}
				followed++
			}
		}
	}
	if followed == 0 {
		t.Error("no panel leads to another page")
	}
}
