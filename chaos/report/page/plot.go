package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The inner coordinates of a picture. It is stretched to the width that there is; lines and points keep their size.
const (
	width  = 2000
	height = 2000
)

// plot is one picture over the clock.
type plot struct {
	Title, Unit string
	Scale       string  // linear or log, for whoever points at it
	Low, High   float64 // the values at the bottom and the top
	Tall        bool
	Y           []tick
	Marks       []mark
	Legend      []key
	Rows        []row    // of states, in place of marks
	Quiet       []string // series that stayed where they began
	QuietAt     string   // which is there
	Note        string   // why there is nothing to see
}

// mark is one path: a line, bars, or points of one kind.
type mark struct {
	Class, Kind string // kind: line, bar, point, or the hole that makes a ring of a point
	Name        string
	D           string
}

// key is one entry of a legend.
type key struct{ Class, Kind, Name, Value string }

// row is one series of states.
type row struct {
	Name  string
	Bands []band
}

// pen builds the text of an SVG path.
type pen struct{ strings.Builder }

func (p *pen) add(command string, numbers ...int) {
	p.WriteString(command)
	for i, n := range numbers {
		if i > 0 && n >= 0 {
			p.WriteByte(' ')
		}
		p.WriteString(strconv.Itoa(n))
	}
}

// dot is a line of no length, which round or square ends make a point of the same size whatever the picture's.
func (p *pen) dot(x, y int) {
	p.add("M", x, y)
	p.WriteString("h0")
}

// box is a filled rectangle from its lower left corner.
func (p *pen) box(x, y, w, h int) {
	p.add("M", x, y)
	p.add("v", -h)
	p.add("h", w)
	p.add("v", h)
	p.WriteByte('z')
}

// across and up turn shares into coordinates.
func across(share float64) int { return int(math.Round(share * width)) }
func up(share float64) int     { return height - int(math.Round(min(1, max(0, share))*height)) }

// linear gives an axis from 0 that holds a value: its top, and ticks at whole steps.
func linear(most float64) (top float64, ticks []tick) {
	step := niceStep(max(most, 1) / 3)
	top = math.Ceil(max(most, 1)/step) * step
	for x := 0.0; x <= top*(1+1e-9); x += step {
		ticks = append(ticks, tick{percent(x / top), number(x)})
	}
	return top, ticks
}

// colour is the class of the nth of several things that are shown side by side.
func colour(n int) string { return fmt.Sprintf("k%d", n%6) }

// number writes a number as short as it is exact.
func number(x float64) string { return strconv.FormatFloat(math.Round(x*1e6)/1e6, 'f', -1, 64) }
