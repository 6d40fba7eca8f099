package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
)

// named is all operations of one name.
type named struct {
	Name string
	Ops  []load.Operation
}

// byName sorts operations by their names, the most frequent first.
func byName(history []load.Operation) []named {
	var all []named
	at := map[string]int{}
	for _, op := range history {
		i, ok := at[op.Name]
		if !ok {
			i = len(all)
			at[op.Name], all = i, append(all, named{Name: op.Name})
		}
		all[i].Ops = append(all[i].Ops, op)
	}
	slices.SortFunc(all, func(a, b named) int {
		return cmp.Or(cmp.Compare(len(b.Ops), len(a.Ops)), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// shortest is the least latency that the picture tells apart.
const shortest = 100 * time.Microsecond

// latency shows each request as a point where it was meant to begin, on a log scale. Its colour says what was asked;
// those that failed, as squares, and those whose outcome is unknown, as rings, have a colour of their own.
func latency(c clock, all []named) plot {
	low, high := math.Inf(1), math.Inf(-1)
	for _, n := range all {
		for _, op := range n.Ops {
			low, high = min(low, decade(op)), max(high, decade(op))
		}
	}
	low = math.Floor(low)
	high = max(low+1, high+0.05) // room for half a point above the longest
	p := plot{Title: "Latency", Unit: "each point is one operation, at its intended start; log scale", Scale: "log", Tall: true}
	p.Low, p.High = math.Pow(10, low), math.Pow(10, high)
	for d := low; d <= high; d++ {
		p.Y = append(p.Y, tick{percent((d - low) / (high - low)), duration(math.Pow(10, d))})
	}
	var ill [len(outcomes)]int
	for i, n := range all {
		for which, o := range outcomes {
			var points pen
			for _, op := range n.Ops {
				if op.Outcome == o {
					points.dot(across(c.share(op.Intended)), up((decade(op)-low)/(high-low)))
					ill[which]++
				}
			}
			if points.Len() == 0 {
				continue
			}
			m := mark{Class: class(o), Kind: "point", Name: n.Name, D: points.String()}
			if o == load.OK {
				m.Class = hue(i) + " is-ok"
			} else {
				m.Name = fmt.Sprintf("%s, %s", n.Name, o)
			}
			p.Marks = append(p.Marks, m)
			if o == load.Unknown {
				p.Marks = append(p.Marks, mark{Class: class(o), Kind: "hole", D: m.D})
			}
		}
		p.Legend = append(p.Legend, key{hue(i), "point", n.Name, count(len(n.Ops))})
	}
	slices.SortStableFunc(p.Marks, func(a, b mark) int { return cmp.Compare(severity(a), severity(b)) })
	for which, o := range outcomes[1:] {
		p.Legend = append(p.Legend, key{class(o), "point", string(o), count(ill[which+1])})
	}
	return p
}

// hue is the colour of the nth kind of operation; from the sixth on they share one, and pointing tells them apart.
func hue(n int) string { return colour(min(n, 5)) }

// severity puts what did not go well in front.
func severity(m mark) int {
	return map[string]int{class(load.Failed): 1, class(load.Unknown): 2}[m.Class]
}

// decade is the power of ten of an operation's latency in seconds.
func decade(op load.Operation) float64 { return math.Log10(max(op.Latency(), shortest).Seconds()) }

// figures is one kind of operation in numbers; latencies in seconds, -1 where there is none.
type figures struct {
	Name            string
	Class           string
	N               int
	Failed, Unknown int
	P50, P99, Max   float64
	Phases          []float64 // p99 by the phases of measured
}

// measured are the phases for which latencies are told apart.
var measured = [...]string{evidence.Steady, evidence.Fault, evidence.Recover}

func figuresOf(run evidence.Run, all []named) []figures {
	var out []figures
	for i, n := range all {
		f := figures{Name: n.Name, Class: hue(i), N: len(n.Ops)}
		for _, op := range n.Ops {
			switch op.Outcome {
			case load.Failed:
				f.Failed++
			case load.Unknown:
				f.Unknown++
			}
		}
		f.P50, f.P99, f.Max = quantile(n.Ops, 0.5), quantile(n.Ops, 0.99), quantile(n.Ops, 1)
		for _, name := range measured {
			phase, _ := run.Phase(name)
			f.Phases = append(f.Phases, quantile(evidence.During(n.Ops, phase), 0.99))
		}
		out = append(out, f)
	}
	return out
}

// quantile is a quantile of latencies in seconds by the nearest rank, or -1 where there are none.
func quantile(ops []load.Operation, q float64) float64 {
	if len(ops) == 0 {
		return -1
	}
	all := make([]time.Duration, len(ops))
	for i, op := range ops {
		all[i] = op.Latency()
	}
	slices.Sort(all)
	return all[max(0, int(math.Ceil(q*float64(len(all))))-1)].Seconds()
}
