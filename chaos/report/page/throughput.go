package page

import (
	"fmt"
	"time"

	"stormglass/chaos/load"
)

// outcomes in the order in which they are stacked and listed.
var outcomes = [...]load.Outcome{load.OK, load.Failed, load.Unknown}

// throughput is how many operations ended per second, by outcome.
func throughput(c clock, history []load.Operation) plot {
	bin := binOf(c)
	counts := make([][len(outcomes)]int, int(c.to.Sub(c.from)/bin)+1)
	var totals [len(outcomes)]int
	most := 0
	for _, op := range history {
		if op.End.Before(c.from) {
			continue // it has no end
		}
		at := counts[int(op.End.Sub(c.from)/bin):]
		for i, o := range outcomes {
			if op.Outcome == o {
				at[0][i]++
				totals[i]++
			}
		}
		most = max(most, at[0][0]+at[0][1]+at[0][2])
	}
	p := plot{Title: "Throughput", Unit: fmt.Sprintf("operations that ended per second, counted every %v", bin), Scale: "linear"}
	p.High, p.Y = linear(float64(most) / bin.Seconds())
	for i, o := range outcomes {
		p.Marks = append(p.Marks, mark{Class: class(o), Kind: "bar", Name: string(o), D: bars(c, bin, counts, i, p.High)})
		p.Legend = append(p.Legend, key{class(o), "bar", string(o), count(totals[i])})
	}
	return p
}

// binOf is a round width of time of which the clock holds at most 64.
func binOf(c clock) time.Duration {
	least := max(c.to.Sub(c.from)/64, 100*time.Millisecond)
	return time.Duration(niceStep(least.Seconds()) * float64(time.Second)).Round(time.Millisecond)
}

// bars draws one outcome on top of those before it.
func bars(c clock, bin time.Duration, counts [][len(outcomes)]int, which int, top float64) string {
	var p pen
	for i, at := range counts {
		if at[which] == 0 {
			continue
		}
		below := 0
		for _, n := range at[:which] {
			below += n
		}
		perSecond := func(n int) float64 { return float64(n) / bin.Seconds() / top }
		left := across(c.share(c.from.Add(time.Duration(i) * bin)))
		right := across(c.share(c.from.Add(time.Duration(i+1) * bin)))
		low, high := up(perSecond(below)), up(perSecond(below+at[which]))
		p.box(left, low, max(1, right-left-3), low-high)
	}
	return p.String()
}

func class(o load.Outcome) string { return "is-" + string(o) }
