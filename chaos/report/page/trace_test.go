package page

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"stormglass/chaos/observe"
)

// recorded is traces in the order of their ids.
type recorded [][]observe.Span

func (r recorded) Traces() iter.Seq2[string, []observe.Span] {
	return func(yield func(string, []observe.Span) bool) {
		for _, spans := range r {
			if !yield(spans[0].TraceID, spans) {
				return
			}
		}
	}
}

// span begins and ends so many milliseconds after noon.
func span(id, parent string, begin, end int) observe.Span {
	return observe.Span{TraceID: "t", SpanID: id, ParentID: parent, Name: "work " + id, Service: "service of " + id, Start: after(begin), End: after(end)}
}

func TestSpansStandBelowTheirParents(t *testing.T) {
	for name, c := range map[string]struct {
		spans []observe.Span
		want  string
	}{
		"a tree":             {[]observe.Span{span("a", "", 0, 9), span("b", "a", 1, 3), span("c", "a", 2, 5), span("d", "b", 3, 4)}, "a0 b1 d2 c1"},
		"a parent elsewhere": {[]observe.Span{span("a", "x", 0, 9), span("b", "a", 1, 3), span("c", "y", 2, 3)}, "a0 b1 c0"},
		"a circle":           {[]observe.Span{span("a", "b", 0, 9), span("b", "a", 1, 3)}, "a0 b1"},
		"its own parent":     {[]observe.Span{span("a", "a", 0, 9)}, "a0"},
		"one id twice":       {[]observe.Span{span("a", "", 0, 9), span("b", "a", 1, 3), span("b", "a", 2, 3), span("c", "b", 2, 3)}, "a0 b1 c2 b1"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range nested(c.spans) {
				got = append(got, fmt.Sprint(l.span.SpanID, l.depth))
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestTheSlowestTracesComeFirstAndThreeAreDrawn(t *testing.T) {
	var all recorded
	for i := range 20 {
		s := span("a", "", 1000, 1000+10*(i+1))
		s.TraceID = fmt.Sprint("trace-", i)
		all = append(all, []observe.Span{s})
	}
	early := span("a", "", -5, 9999)
	got := slowest(four(), append(all, []observe.Span{early}))
	if len(got) != listedTraces || got[0].ID != "trace-19" || got[0].Took != 0.2 || got[9].ID != "trace-10" {
		t.Errorf("got %+v, want the ten slowest that began under load", got)
	}
	for i, tr := range got {
		if want := i < drawnTraces; len(tr.Drawn) > 0 != want {
			t.Errorf("trace %d: got %d spans drawn", i, len(tr.Drawn))
		}
	}
}

func TestOfALongTraceTheLongestSpansAreDrawn(t *testing.T) {
	spans := []observe.Span{span("root", "", 0, 1000)}
	for i := range 99 {
		spans = append(spans, span(fmt.Sprint(i), "root", i, 2*i))
	}
	spans[50].Status = observe.StatusError
	got := slowest(four(), recorded{spans})[0]
	if len(got.Drawn) != drawnSpans || got.Left != 100-drawnSpans || got.Failed != 1 {
		t.Errorf("got %d drawn, %d left out, %d failed", len(got.Drawn), got.Left, got.Failed)
	}
	if least := slices.MinFunc(got.Drawn, func(a, b bar) int { return int(1e6 * (a.Took - b.Took)) }); least.Took < 0.05 {
		t.Errorf("the shortest that is drawn took %v s, want the longest ones", least.Took)
	}
	if b := got.Drawn[1]; b.Left != 5.2 || b.Width != 5.2 || b.Depth != 1 {
		t.Errorf("got %+v, want its share of the whole trace", b)
	}
}
