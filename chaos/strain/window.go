package strain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// Span is the stretch over which strain is looked at: a burst of that length is enough to miss a claim, however long the
	// window around it.
	Span = time.Second
	// margin is by how much a window is widened on both sides: the kernel notes a wait when it ends, and whoever was late
	// before the window is late in it.
	margin = 2 * Every
)

// Window is the strain in a stretch of a run.
type Window struct {
	Length time.Duration
	Taken  Loss          // in all of it
	Worst  Second        // the Span of it that was strained most
	Late   time.Duration // how late the harness was at most
}

// Second is what one Span was like.
type Second struct {
	Delayed  float64 // milliseconds that the cell's threads waited because of others, for each millisecond that went by
	Slowdown float64 // the same for each millisecond that they ran
}

// Bounds say from where on a window is strained.
type Bounds struct {
	Delayed, Slowdown float64       // both in one Span: where there is hardly any work, a large slowdown delays little
	Late              time.Duration // of the harness
}

// Strained says whether a window is beyond the bounds.
func (w Window) Strained(b Bounds) bool {
	return w.Worst.Delayed >= b.Delayed && w.Worst.Slowdown >= b.Slowdown || w.Late >= b.Late
}

// In looks at the samples between two moments. Slices that lie in the stretch partly count partly. A Span in which less than
// least was delayed, as in Second, is only taken for the worst where there is no other.
func In(samples []Sample, from, to time.Time, least float64) Window {
	from, to = from.Add(-margin), to.Add(margin)
	w := Window{Length: to.Sub(from)}
	var parts []part
	for _, s := range samples {
		p, share := s.within(from, to)
		if share <= 0 {
			continue
		}
		w.Taken = w.Taken.plus(s.Taken(), share)
		w.Late = max(w.Late, time.Duration(s.Late()*float64(time.Millisecond)))
		p.delayed, p.cell = share*s.Delayed(), share*s.Cell
		parts = append(parts, p)
	}
	w.Worst = worst(parts, least)
	return w
}

// part is a slice, or what of it lies in a window.
type part struct {
	from, to      time.Time
	delayed, cell float64
}

// within is the part of a sample's slice that lies in a stretch, and its share of the slice.
func (s Sample) within(from, to time.Time) (part, float64) {
	length := time.Duration(s.Length * float64(time.Millisecond))
	p := part{from: s.End.Add(-length), to: s.End}
	if p.from.Before(from) {
		p.from = from
	}
	if p.to.After(to) {
		p.to = to
	}
	if length <= 0 {
		return p, 0
	}
	return p, float64(p.to.Sub(p.from)) / float64(length)
}

// worst is the Span with the largest slowdown, of those in which so much was delayed at least; if there is none, the one in which
// most was.
func worst(parts []part, least float64) (most Second) {
	slices.SortFunc(parts, func(a, b part) int { return a.from.Compare(b.from) })
	var delayed, cell float64
	first := 0
	for _, p := range parts {
		delayed, cell = delayed+p.delayed, cell+p.cell
		for p.to.Sub(parts[first].from) > Span && parts[first].to.Before(p.to) {
			delayed, cell = delayed-parts[first].delayed, cell-parts[first].cell
			first++
		}
		length := ms(max(Span, p.to.Sub(parts[first].from))) // a slice may be longer than a Span
		if now := (Second{Delayed: delayed / length, Slowdown: delayed / max(cell, 1)}); now.worse(most, least) {
			most = now
		}
	}
	return most
}

func (s Second) worse(than Second, least float64) bool {
	if s.Delayed >= least && than.Delayed >= least {
		return s.Slowdown > than.Slowdown
	}
	return s.Delayed > than.Delayed
}

// String says who took how much, and how late the harness was where that is worth a word.
func (w Window) String() string {
	text := fmt.Sprintf("%.0f ms of processor time in %s", w.Taken.Total(), w.Length.Round(Every))
	if by := w.Taken.by(); by != "" {
		text += " went to " + by
	}
	text += fmt.Sprintf("; in the worst second each millisecond of the system's work waited %.1f ms for others", w.Worst.Slowdown)
	if w.Late >= 20*time.Millisecond {
		text += fmt.Sprintf("; the harness was up to %d ms late", w.Late.Milliseconds())
	}
	return text
}

// by names those who took a tenth or more, the greediest first.
func (l Loss) by() string {
	type taker struct {
		name  string
		taken float64
	}
	takers := []taker{{"other programs", l.Programs}, {"other cells", l.Cells}, {"the harness", l.Harness}, {"other machines (steal)", l.Steal}, {"a quota", l.Quota}}
	slices.SortStableFunc(takers, func(a, b taker) int { return cmp.Compare(b.taken, a.taken) })
	var names []string
	for _, t := range takers {
		if t.taken > 0 && t.taken >= l.Total()/10 {
			names = append(names, t.name)
		}
	}
	return strings.Join(names, " and ")
}
