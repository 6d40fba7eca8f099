package page

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"stormglass/chaos/observe"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
)

// step is how finely a series is looked at: as often as it is scraped.
const step = 250 * time.Millisecond

// trend is one series of a chart.
type trend struct {
	name   string
	points []observe.Point
	most   float64
	moved  bool // it left 0
}

// newTrend leaves out what is no number, such as a share of nothing.
func newTrend(name string, points []observe.Point) trend {
	t := trend{name: name}
	for _, at := range points {
		if math.IsNaN(at.Value) || math.IsInf(at.Value, 0) {
			continue
		}
		t.points = append(t.points, at)
		t.most = max(t.most, at.Value)
		t.moved = t.moved || at.Value != 0
	}
	return t
}

// chart draws what the system's file asks to be drawn.
func chart(ctx context.Context, c clock, metrics verdict.Metrics, asked system.Chart) plot {
	p := plot{Title: asked.Title, Unit: asked.Unit, Scale: "linear", QuietAt: "0"}
	matrix, err := metrics.QueryRange(ctx, asked.Query, c.from, c.to, step)
	if err != nil {
		p.Note = err.Error()
		return p
	}
	var moved []trend
	for _, s := range matrix {
		if t := newTrend(asked.Name(s.Labels), s.Points); t.moved {
			moved = append(moved, t)
		} else {
			p.Quiet = append(p.Quiet, t.name)
		}
	}
	slices.SortStableFunc(moved, func(a, b trend) int { return cmp.Compare(b.most, a.most) })
	switch {
	case len(matrix) == 0:
		p.Note = "no series answers " + asked.Query
	case len(asked.States) > 0:
		p.QuietAt = asked.States[0]
		states(c, &p, asked.States, moved)
	case len(moved) > 0:
		lines(c, &p, moved)
	}
	return p
}

// states draws a row for each series, with a band for each stretch in one state.
func states(c clock, p *plot, names []string, moved []trend) {
	slices.SortStableFunc(moved, func(a, b trend) int { return cmp.Compare(a.name, b.name) })
	for _, t := range moved {
		r := row{Name: t.name}
		for i, next := 0, 0; i < len(t.points); i = next {
			for next = i + 1; next < len(t.points) && t.points[next].Value == t.points[i].Value && !gap(t.points, next); {
				next++
			}
			from, to := t.points[i], t.points[next-1].Time.Add(step)
			state := int(from.Value)
			name := fmt.Sprintf("state %d", state)
			if state >= 0 && state < len(names) {
				name = names[state]
			}
			title := fmt.Sprintf("%s: %s from %s s to %s s", t.name, name, c.reading(from.Time), c.reading(to))
			r.Bands = append(r.Bands, c.band(from.Time, to, fmt.Sprintf("state%d", min(3, max(0, state))), name, title))
		}
		p.Rows = append(p.Rows, r)
	}
	for i, name := range names {
		p.Legend = append(p.Legend, key{fmt.Sprintf("state%d", min(3, i)), "bar", name, ""})
	}
}

// gap says whether nothing was scraped between a point and the one before it.
func gap(points []observe.Point, i int) bool {
	return i > 0 && points[i].Time.Sub(points[i-1].Time) > step*3/2
}

// lines draws each series as a line of steps, from one change to the next.
func lines(c clock, p *plot, moved []trend) {
	p.High, p.Y = linear(moved[0].most)
	for i, t := range moved {
		class := colour(i)
		if i >= 6 {
			class += " dashed"
		}
		p.Marks = append(p.Marks, mark{Class: class, Kind: "line", Name: t.name, D: stairs(c, t.points, p.High)})
		p.Legend = append(p.Legend, key{class, "line", t.name, "max " + number(math.Round(t.most*1000)/1000)})
	}
	slices.Reverse(p.Marks) // the highest in front
}

func stairs(c clock, points []observe.Point, top float64) string {
	var p pen
	for i, at := range points {
		x, y := across(c.share(at.Time)), up(at.Value/top)
		switch {
		case i == 0 || gap(points, i):
			p.add("M", x, y)
		case at.Value != points[i-1].Value:
			p.add("H", x)
			p.add("V", y)
		}
		if i == len(points)-1 || gap(points, i+1) {
			p.add("H", across(c.share(at.Time.Add(step))))
		}
	}
	return p.String()
}
