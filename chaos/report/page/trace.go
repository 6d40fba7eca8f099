package page

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"stormglass/chaos/observe"
)

const (
	listedTraces = 10 // the slowest ones that the page lists
	drawnTraces  = 3  // of them, those whose spans it shows
	drawnSpans   = 48 // the most that it shows of one trace, the longest ones
)

// trace is one trace in a list.
type trace struct {
	ID, Name string
	Begins   float64 // seconds on the clock
	Took     float64 // seconds, from the first span's start to the last one's end
	Spans    int
	Failed   int // spans that say so
	Services []string
	Drawn    []bar
	Left     int // spans that are not drawn
}

// bar is one span of a trace.
type bar struct {
	Service, Name string
	Class         string
	Depth         int
	Left, Width   float64 // per cent of the trace
	Begins, Took  float64 // seconds, from the trace's beginning
	Failed        bool
	Title         string
}

// slowest are the traces that began under load and took longest, from their first span to their last.
func slowest(c clock, traces interface {
	Traces() iter.Seq2[string, []observe.Span]
}) []trace {
	type timed struct {
		id    string
		took  time.Duration
		spans []observe.Span
	}
	var all []timed
	for id, spans := range traces.Traces() {
		if !spans[0].Start.Before(c.from) {
			all = append(all, timed{id, ending(spans).Sub(spans[0].Start), spans})
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return cmp.Compare(b.took, a.took) })
	var out []trace
	for i, t := range all[:min(listedTraces, len(all))] {
		shown := trace{ID: t.id, Name: t.spans[0].Name, Begins: t.spans[0].Start.Sub(c.zero).Seconds(), Took: t.took.Seconds(), Spans: len(t.spans)}
		for _, s := range t.spans {
			if !slices.Contains(shown.Services, s.Service) {
				shown.Services = append(shown.Services, s.Service)
			}
			if s.Status == observe.StatusError {
				shown.Failed++
			}
		}
		if i < drawnTraces {
			shown.Drawn, shown.Left = waterfall(t.spans, shown.Services)
		}
		out = append(out, shown)
	}
	return out
}

func ending(spans []observe.Span) time.Time {
	return slices.MaxFunc(spans, func(a, b observe.Span) int { return a.End.Compare(b.End) }).End
}

// waterfall draws spans below their parents. left is how many of the shortest do not fit.
func waterfall(spans []observe.Span, services []string) (bars []bar, left int) {
	begin := spans[0].Start
	whole := float64(max(1, ending(spans).Sub(begin)))
	least := shortestDrawn(spans)
	for _, n := range nested(spans) {
		took := n.span.End.Sub(n.span.Start)
		if took < least || len(bars) == drawnSpans {
			left++
			continue
		}
		bars = append(bars, bar{
			Service: n.span.Service, Name: n.span.Name, Class: colour(slices.Index(services, n.span.Service)), Depth: min(n.depth, 12),
			Left: percent(float64(n.span.Start.Sub(begin)) / whole), Width: percent(float64(took) / whole),
			Begins: n.span.Start.Sub(begin).Seconds(), Took: took.Seconds(),
			Failed: n.span.Status == observe.StatusError, Title: n.span.StatusMessage,
		})
	}
	return bars, left
}

// shortestDrawn is the time from which on a span is long enough to be drawn.
func shortestDrawn(spans []observe.Span) time.Duration {
	if len(spans) <= drawnSpans {
		return 0
	}
	var all []time.Duration
	for _, s := range spans {
		all = append(all, s.End.Sub(s.Start))
	}
	slices.Sort(all)
	return all[len(all)-drawnSpans]
}

// leaf is a span and how deep it stands below the first one.
type leaf struct {
	span  observe.Span
	depth int
}

// nested puts spans behind their parents, brothers by start. A span whose parent is not there stands at the top; so does
// what remains when parents go in a circle.
func nested(spans []observe.Span) []leaf {
	present, children := map[string]bool{}, map[string][]int{}
	for i, s := range spans {
		present[s.SpanID] = true
		children[s.ParentID] = append(children[s.ParentID], i)
	}
	var out []leaf
	seen := make([]bool, len(spans))
	var visit func(i, depth int)
	visit = func(i, depth int) {
		if seen[i] {
			return
		}
		seen[i] = true
		out = append(out, leaf{spans[i], depth})
		for _, child := range children[spans[i].SpanID] {
			visit(child, depth+1)
		}
	}
	for i, s := range spans {
		if !present[s.ParentID] {
			visit(i, 0)
		}
	}
	for i := range spans {
		visit(i, 0)
	}
	return out
}
