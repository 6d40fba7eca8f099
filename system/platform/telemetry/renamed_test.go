package telemetry

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var write = flag.Bool("update", false, "write released.txt anew, for a release")

// names gives every metric and every label of a catalogue, as Rename writes them, with the metric's kind.
func names(catalogue []Metric) map[string]Kind {
	all := map[string]Kind{}
	for _, m := range catalogue {
		all[m.Name] = m.Kind
		for _, label := range m.Labels {
			all[fmt.Sprintf("%s{%s}", m.Name, label)] = m.Kind
		}
	}
	return all
}

// broken lists what readers of a release's metrics would miss, and what is wrong with the list of renames.
func broken(released []string, catalogue []Metric, renamed []Rename) (wrong []string) {
	now := names(catalogue)
	for _, line := range released {
		name, kind, _ := strings.Cut(line, " ")
		switch had, there := now[name]; {
		case !there:
			wrong = append(wrong, fmt.Sprintf("%s was in the last release and is gone: keep it for one release beside its new name, and list both in Renamed", name))
		case string(had) != kind:
			wrong = append(wrong, fmt.Sprintf("%s was a %s in the last release and is a %s: give the new one a new name", name, kind, had))
		}
	}
	for _, r := range renamed {
		if _, there := now[r.Old]; !there {
			wrong = append(wrong, fmt.Sprintf("%s is listed as renamed and is not exported any more: keep it for one release", r.Old))
		}
		if _, there := now[r.New]; !there && r.New != "" {
			wrong = append(wrong, fmt.Sprintf("%s is the new name of %s and nothing has it", r.New, r.Old))
		}
	}
	return wrong
}

func TestReleasedNamesAreKeptForOneRelease(t *testing.T) {
	if *write {
		all := names(Catalogue())
		for _, r := range Renamed() {
			delete(all, r.Old)
		}
		var lines []string
		for name, kind := range all {
			lines = append(lines, fmt.Sprintf("%s %s", name, kind))
		}
		slices.Sort(lines)
		if err := os.WriteFile("released.txt", []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile("released.txt")
	if err != nil {
		t.Fatal(err)
	}
	released := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(released) < 100 {
		t.Errorf("released.txt has %d names: most are missing", len(released))
	}
	for _, wrong := range broken(released, Catalogue(), Renamed()) {
		t.Error(wrong)
	}
}

func TestARenameThatBreaksReadersIsSeen(t *testing.T) {
	released := []string{"shop_a counter", "shop_a{x} counter", "shop_b gauge"}
	a, b := Metric{Name: "shop_a", Kind: Counter, Labels: []string{"x"}}, Metric{Name: "shop_b", Kind: Gauge}
	c := Metric{Name: "shop_c", Kind: Gauge}
	for name, c := range map[string]struct {
		catalogue []Metric
		renamed   []Rename
		want      string
	}{
		"nothing changed":          {[]Metric{a, b}, nil, ""},
		"renamed, both kept":       {[]Metric{a, b, c}, []Rename{{"shop_b", "shop_c"}}, ""},
		"to be removed":            {[]Metric{a, b}, []Rename{{"shop_b", ""}}, ""},
		"renamed at once":          {[]Metric{a, c}, nil, "shop_b was in the last release"},
		"a label renamed at once":  {[]Metric{{Name: "shop_a", Kind: Counter, Labels: []string{"y"}}, b}, nil, "shop_a{x} was in the last release"},
		"of another kind":          {[]Metric{a, {Name: "shop_b", Kind: Counter}}, nil, "shop_b was a gauge"},
		"listed, and gone":         {[]Metric{a, b, c}, []Rename{{"shop_z", "shop_c"}}, "shop_z is listed"},
		"the new one is not there": {[]Metric{a, b}, []Rename{{"shop_b", "shop_c"}}, "shop_c is the new name"},
	} {
		got := strings.Join(broken(released, c.catalogue, c.renamed), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
