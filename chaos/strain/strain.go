// Package strain measures how much processor time others took from a cell while it ran, and how late the harness itself was.
//
// Others are other cells, the harness, other programs, the hypervisor (steal) and a quota. That the threads of one cell wait
// for each other is the system's own behaviour, and no strain.
//
//	/proc/PID/task/*/schedstat ─▶ the cell's threads: ran, waited ─┐
//	/proc/stat, cgroup         ─▶ who had the processors           ├─▶ one Sample each 100 ms ─▶ evidence ─▶ verdict
//	timers, arrivals, proxies  ─▶ the harness's own lateness       ┘                          └▶ admission of the next cell
//
// The kernel counts how long a thread was ready to run and did not (run delay). A part of that the thread owes to its own
// neighbours in the cell; what it owes to others is estimated by who had the processors meanwhile:
//
//	delayed = waited × others / (others + cell)       taken = delayed, but at most others
//
// where cell and others are the processor time that was used. A quota's share is what the kernel says it withheld.
//
// How much that hurts is the slowdown: delayed / cell, the milliseconds that each millisecond of the cell's own work waited for
// others. It does not depend on how many processors there are, and neither on how much the cell has to do.
package strain

import (
	"math"
	"time"
)

// Every is the length of a slice, the time between two samples.
const Every = 100 * time.Millisecond

// Sample is what happened to one cell in one slice of time. All figures but End are milliseconds; those of processor time add
// up over processors and threads, so that a slice of 100 ms may hold more than 100 of them.
type Sample struct {
	End    time.Time `json:"end"`
	Length float64   `json:"length"` // as the monotonic clock tells: much more than Every when the harness stood still

	Cell   float64 `json:"cell"`   // processor time that the cell's processes had
	Waited float64 `json:"waited"` // that their threads were ready to run and did not, noted when the wait ended

	Harness  float64 `json:"harness"`  // processor time of this process
	Cells    float64 `json:"cells"`    // of other cells of this harness
	Programs float64 `json:"programs"` // of everybody else on the processors that the harness may use
	Steal    float64 `json:"steal"`    // that the hypervisor gave to other machines
	Quota    float64 `json:"quota"`    // that a cgroup's quota withheld, from the harness and its cells together

	Pressure float64 `json:"pressure"` // in which somebody on this machine waited for a processor (PSI), 0 where that is not told

	// How late the harness was at most: its own timer, the start of a visit, a scrape, and any of its goroutines that was ready
	// to run, such as that of a proxy (as the Go runtime tells, in steps of about a tenth).
	Timer      float64 `json:"timer"`
	Arrivals   float64 `json:"arrivals"`
	Scrapes    float64 `json:"scrapes"`
	Goroutines float64 `json:"goroutines"`

	HarnessWaited float64 `json:"harness_waited"` // that threads of the harness were ready to run and did not
	Jump          float64 `json:"jump,omitempty"` // by how much the wall clock and the monotonic clock disagree: a suspension, or a clock that was set
}

// Late is how late the harness was at most in the slice, whatever it was late with.
func (s Sample) Late() float64 { return max(s.Timer, s.Arrivals, s.Scrapes, s.Goroutines) }

// Loss is processor time that was taken from a cell, in milliseconds, by who took it.
type Loss struct {
	Harness  float64 `json:"harness"`
	Cells    float64 `json:"cells"`
	Programs float64 `json:"programs"`
	Steal    float64 `json:"steal"`
	Quota    float64 `json:"quota"`
}

// Total is the sum.
func (l Loss) Total() float64 { return l.Harness + l.Cells + l.Programs + l.Steal + l.Quota }

// Rounded is the same in whole milliseconds.
func (l Loss) Rounded() Loss {
	return Loss{math.Round(l.Harness), math.Round(l.Cells), math.Round(l.Programs), math.Round(l.Steal), math.Round(l.Quota)}
}

func (l Loss) plus(o Loss, share float64) Loss {
	return Loss{
		l.Harness + share*o.Harness, l.Cells + share*o.Cells, l.Programs + share*o.Programs,
		l.Steal + share*o.Steal, l.Quota + share*o.Quota,
	}
}

// Taken estimates what others took from the cell in the slice; see the package's comment.
func (s Sample) Taken() Loss {
	loss := Loss{Quota: s.Quota}
	others := s.others()
	if others <= 0 {
		return loss
	}
	share := min(1, s.Waited/(others+s.Cell)) // of what each of them had
	return loss.plus(Loss{Harness: s.Harness, Cells: s.Cells, Programs: s.Programs, Steal: s.Steal}, share)
}

// Delayed estimates for how long the cell's threads waited because of others, summed over threads.
func (s Sample) Delayed() float64 {
	others := s.others()
	if others <= 0 {
		return s.Quota
	}
	return s.Waited*others/(others+s.Cell) + s.Quota
}

func (s Sample) others() float64 { return s.Harness + s.Cells + s.Programs + s.Steal }

// round keeps a figure to a hundredth of a millisecond, so that the evidence stays small.
func round(x float64) float64 { return math.Round(x*100) / 100 }

func ms(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }
