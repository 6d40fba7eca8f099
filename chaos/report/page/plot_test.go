package page

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/observe"
	"stormglass/chaos/system"
)

// four is a clock of four seconds, whose fault struck after one.
func four() clock { return clock{from: noon, to: after(4000), zero: after(1000)} }

// answer is metrics that answer every question with the same.
type answer struct {
	matrix observe.Matrix
	err    error
}

func (a answer) Query(context.Context, string, time.Time) (observe.Vector, error) {
	return nil, errors.New("not asked here")
}

func (a answer) QueryRange(context.Context, string, time.Time, time.Time, time.Duration) (observe.Matrix, error) {
	return a.matrix, a.err
}

// scraped is a series with a value every 250 ms from noon on; nothing was scraped where the value is below 0.
func scraped(name string, values ...float64) observe.Series {
	s := observe.Series{Labels: map[string]string{"name": name}}
	for i, v := range values {
		if !(v < 0) {
			s.Points = append(s.Points, observe.Point{Time: after(250 * i), Value: v})
		}
	}
	return s
}

func TestStatesAreBandsFromChangeToChange(t *testing.T) {
	asked := system.Chart{Title: "Breakers", Query: "q", Series: "link $name", States: []string{"closed", "half-open", "open"}}
	got := chart(t.Context(), four(), answer{matrix: observe.Matrix{
		scraped("quiet", 0, 0, 0, 0), scraped("torn", 0, 0, 2, 2, 1, 0, -1, -1, 0), scraped("odd", 7),
	}}, asked)
	if !slices.Equal(got.Quiet, []string{"link quiet"}) || got.QuietAt != "closed" || len(got.Rows) != 2 {
		t.Fatalf("got quiet %v at %q and %d rows", got.Quiet, got.QuietAt, len(got.Rows))
	}
	var bands []string
	for _, b := range got.Rows[1].Bands {
		bands = append(bands, b.Title)
	}
	want := []string{
		"link torn: closed from −1 s to −0.5 s", "link torn: open from −0.5 s to 0 s", "link torn: half-open from 0 s to 0.25 s",
		"link torn: closed from 0.25 s to 0.5 s", "link torn: closed from 1 s to 1.25 s",
	}
	if !slices.Equal(bands, want) {
		t.Errorf("got  %q\nwant %q", bands, want)
	}
	if b := got.Rows[1].Bands[1]; b.Left != 12.5 || b.Width != 12.5 || b.Class != "state2" {
		t.Errorf("got %+v, want the second eighth, open", b)
	}
	if b := got.Rows[0].Bands[0]; !strings.Contains(b.Title, "state 7") {
		t.Errorf("got %q, want a state without a name by its number", b.Title)
	}
}

func TestALineBreaksWhereNothingWasScraped(t *testing.T) {
	asked := system.Chart{Title: "Depths", Query: "q", Series: "$name", Unit: "things"}
	got := chart(t.Context(), four(), answer{matrix: observe.Matrix{
		scraped("low", 1, 1, math.NaN(), 1), scraped("high", 0, 3, 3, -1, -1, 3), scraped("empty", 0, math.NaN()),
	}}, asked)
	if len(got.Marks) != 2 || got.Marks[1].Name != "high" || got.Legend[0].Name != "high" || got.Legend[0].Value != "max 3" || got.High != 3 {
		t.Fatalf("got %+v, want the highest first in the legend and in front", got)
	}
	if got, want := got.Marks[1].D, "M0 2000H125V0H375M625 0H750"; got != want {
		t.Errorf("path: got %s, want %s", got, want)
	}
	if !slices.Equal(got.Quiet, []string{"empty"}) {
		t.Errorf("quiet: got %v, want empty alone", got.Quiet)
	}
}

func TestAChartThatCannotBeDrawnSaysWhy(t *testing.T) {
	asked := system.Chart{Title: "Depths", Query: "sum(depth)", Series: "$name"}
	if got := chart(t.Context(), four(), answer{err: errors.New("the head is gone")}, asked); got.Note != "the head is gone" {
		t.Errorf("got %q", got.Note)
	}
	if got := chart(t.Context(), four(), answer{}, asked); got.Note != "no series answers sum(depth)" {
		t.Errorf("got %q", got.Note)
	}
}

func TestThroughputCountsOperationsWhereTheyEnd(t *testing.T) {
	history := []load.Operation{{End: after(99), Outcome: load.OK}, {End: after(50), Outcome: load.Failed}, {End: after(4000), Outcome: load.Unknown}, {Outcome: load.OK}}
	got := throughput(four(), history)
	if got.High != 20 {
		t.Errorf("top: got %v, want 20 for two in a tenth of a second", got.High)
	}
	want := []string{"M0 2000v-1000h47v1000z", "M0 1000v-1000h47v1000z", "M2000 2000v-1000h1v1000z"}
	for i, m := range got.Marks {
		if m.D != want[i] {
			t.Errorf("%s: got %s, want %s", m.Name, m.D, want[i])
		}
	}
}

func TestQuantilesAreThoseOfTheNearestRank(t *testing.T) {
	var ops []load.Operation
	for i := range 100 {
		ops = append(ops, load.Operation{Intended: noon, End: after(100 - i)})
	}
	for q, want := range map[float64]float64{0.5: 0.050, 0.99: 0.099, 1: 0.1, 0: 0.001} {
		if got := quantile(ops, q); got != want {
			t.Errorf("quantile %v: got %v, want %v", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != -1 {
		t.Errorf("of nothing: got %v, want -1", got)
	}
}

func TestAClockHasFewTicksAtWholeSteps(t *testing.T) {
	for _, span := range []time.Duration{90 * time.Millisecond, time.Second, 4 * time.Second, 13 * time.Second, time.Minute, time.Hour} {
		c := clock{from: noon, to: noon.Add(span), zero: noon.Add(span / 3)}
		ticks := c.ticks()
		if len(ticks) < 4 || len(ticks) > 10 {
			t.Errorf("%v: got %d ticks, want 4 to 10", span, len(ticks))
		}
		if !slices.ContainsFunc(ticks, func(k tick) bool { return k.Label == "0 s" }) {
			t.Errorf("%v: got %v, want one at 0", span, ticks)
		}
	}
	if got := four().ticks(); got[0].Label != "−1 s" || got[0].At != 0 || got[len(got)-1].At != 100 {
		t.Errorf("got %v, want ticks from end to end", got)
	}
}

func TestAFaultThatNeverEndedHoldsToTheEndAndOneThatNeverStruckHasNoWindow(t *testing.T) {
	rows := four().windows([]fault.Dose{
		{Fault: "kill", Target: "a", Start: after(1000)}, {Fault: "kill", Target: "b"},
		{Fault: "delay", Target: "c", Start: after(1000), End: after(2000)}, {Fault: "delay", Target: "c", Start: after(3000), End: after(3400)},
	})
	if len(rows) != 2 || rows[0].Bands[0].Width != 75 || len(rows[1].Bands) != 2 || rows[1].Bands[1].Left != 75 {
		t.Errorf("got %+v, want a row for each that struck", rows)
	}
}

func TestTheClockBeginsWithTheLoad(t *testing.T) {
	r := evidence.Run{Phases: []evidence.Phase{{Name: evidence.Boot, Start: noon, End: after(900)}, {Name: evidence.Steady, Start: after(1000), End: after(2000)}}}
	c := newClock(r, nil, []load.Operation{{Intended: after(1500), End: after(2500)}})
	if !c.from.Equal(after(1000)) || !c.to.Equal(after(2500)) || !c.zero.Equal(after(1000)) {
		t.Errorf("got %v", c)
	}
	if !newClock(evidence.Run{}, nil, nil).empty() {
		t.Error("the clock of nothing is not empty")
	}
}
