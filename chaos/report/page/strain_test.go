package page

import (
	"strings"
	"testing"
	"time"

	"stormglass/chaos/report"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/strain"
)

func TestStrainIsABandUnderTheTimeline(t *testing.T) {
	c := clock{from: noon, to: noon.Add(10 * time.Second), zero: noon}
	var samples []strain.Sample
	for i := range 100 {
		s := strain.Sample{End: noon.Add(time.Duration(i+1) * strain.Every), Length: 100, Cell: 40, Waited: 5, Harness: 10}
		if i >= 40 && i < 60 {
			s.Cell, s.Waited, s.Programs = 10, 900, 180
		}
		samples = append(samples, s)
	}
	rows := c.strain(samples)
	if len(rows) != 1 || len(rows[0].Bands) == 0 {
		t.Fatalf("got %+v, want one row with the strained stretch", rows)
	}
	var strained *band
	for i, b := range rows[0].Bands {
		if b.Class == "state2" {
			strained = &rows[0].Bands[i]
		}
	}
	if strained == nil || strained.Left < 38 || strained.Left > 52 || !strings.Contains(strained.Title, "other programs") {
		t.Errorf("got %+v, want a band that begins with the burst, at 40 %%, and says who had the processors", rows[0].Bands)
	}
	if got := c.strain(nil); got != nil {
		t.Errorf("a recording without samples: got %+v, want nothing", got)
	}
}

func TestAPageShowsTheMachineTheCellsAndEarlierTries(t *testing.T) {
	k := newKept(t)
	k.add("strained", scenario.Pass, 0, requests(40))
	k.results[0].Try = 2
	first := k.results[0]
	first.Try, first.Verdict.Verdict, first.Verdict.Reason, first.Verdict.Reasons = 1, scenario.Inconclusive, scenario.Strained, []string{"too slow beside others"}
	k.results[0].Earlier = []run.Result{first}
	cost := run.Calibration{Cell: 0.5, Harness: 0.2}
	suite := run.Suite{
		Results: k.results, Machine: strain.Machine{Processor: "Example 3000", Processors: 2, Quota: 1.5, Measured: true}, Calibration: &cost,
		Occupancy: []run.Occupancy{{At: noon, Cells: 1}, {At: noon.Add(time.Second), Cells: 2, Idle: 0.25}, {At: noon.Add(2 * time.Second), Cells: 0}},
	}
	if err := report.Files(k.dir, 9, suite); err != nil {
		t.Fatal(err)
	}
	html := k.drawn()
	for _, want := range []string{
		"2 × Example 3000, of which a quota leaves 1.50", "one cell takes 0.50 processors", "2 at once from 1s to 2s; 0.25 processors were idle",
		"Try 1 gave INCONCLUSIVE for strained: too slow beside others",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
