package board

import (
	"bytes"
	"strings"
	"testing"
)

// sample is a page of one row.
func sample(panels ...Panel) Dashboard {
	return Dashboard{UID: "family-page", Title: "Page", Tag: "family", Rows: []Row{{Title: "Row", Panels: panels}}}
}

func TestTheSamePageAlwaysGivesTheSameBytes(t *testing.T) {
	page := sample(NewGraph("A", "s", "What A is.", Q("x", "up")).Wide(24), NewTimeline("B", "What B is.", []State{{1, "on", Red}, {0, "off", Green}}, Q("x", "up")))
	first, err := page.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, err := page.JSON(); err != nil || !bytes.Equal(again, first) {
			t.Fatalf("got other bytes, %v", err)
		}
	}
}

func TestARowThatIsTooWideIsNamed(t *testing.T) {
	_, err := sample(NewGraph("A", "s", "").Wide(20), NewGraph("B", "s", "").Wide(8)).JSON()
	if err == nil || !strings.Contains(err.Error(), `panel "B" of row "Row" does not fit`) {
		t.Errorf("got %v, want an error that names panel and row", err)
	}
}

func TestAPanelOfNoKindIsAnError(t *testing.T) {
	if _, err := sample(Panel{Title: "A", width: 8}).JSON(); err == nil || !strings.Contains(err.Error(), `panel "A"`) {
		t.Errorf("got %v, want an error that names the panel", err)
	}
}

func TestOnlyAPageWithLogLinesAsksForTheirSource(t *testing.T) {
	plain, err := sample(NewGraph("A", "s", "", Q("", "up"))).Export()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := sample(NewLogs("A", "", "{service=~\".+\"}")).Export()
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Contains(plain, []byte("DS_LOKI")); got {
		t.Error("a page without log lines asks for Loki")
	}
	if got := bytes.Contains(lines, []byte(`"value": "${DS_LOKI}"`)); !got {
		t.Error("a page with log lines does not begin with the Loki that was chosen")
	}
}

func TestAPanelWithoutLimitsForLowValuesBeginsGreen(t *testing.T) {
	green, err := sample(NewNumber("A", "s", "", "up", From(1, Red))).JSON()
	if err != nil {
		t.Fatal(err)
	}
	red, err := sample(NewNumber("A", "s", "", "up", Below(Red), From(1, Green))).JSON()
	if err != nil {
		t.Fatal(err)
	}
	if g, r := bytes.Index(green, []byte(`"color": "green"`)), bytes.Index(green, []byte(`"color": "red"`)); g < 0 || g > r {
		t.Errorf("without Below: green at %d, red at %d", g, r)
	}
	if g, r := bytes.Index(red, []byte(`"color": "green"`)), bytes.Index(red, []byte(`"color": "red"`)); r < 0 || r > g {
		t.Errorf("with Below: green at %d, red at %d", g, r)
	}
}
