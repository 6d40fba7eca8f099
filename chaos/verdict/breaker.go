package verdict

import (
	"fmt"
	"time"

	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
)

// closed is the value of breaker_state for a closed breaker; open is that of an open one.
const (
	closed = 0
	open   = 2
)

// breaker asks when a link's breaker opened after the faults began, how it behaved while it was open, or when it closed
// for good after the faults ended.
func (q query) breaker(e scenario.Expectation) (Finding, error) {
	switch {
	case e.HalfOpensWithin > 0:
		return q.halfOpens(e)
	case e.LeaksAtMost != nil:
		return q.leaks(e)
	}
	moments, samples, err := q.breakerMoments(e.Breaker)
	if err != nil {
		return Finding{}, err
	}
	if samples == 0 {
		return Finding{State: Unproven, Measured: "its state was never scraped"}, nil
	}
	var f Finding
	if e.OpensWithin > 0 {
		f = q.opens(e, moments)
	} else {
		f = q.closes(e, moments)
	}
	f.Samples, f.Of = samples, "scraped states"
	return f, nil
}

// moment is what the breaker was seen to do at one time.
type moment struct {
	at     time.Time
	opened bool // it is open, or has been since the moment before
	closed bool
}

// breakerMoments follows a breaker from the first fault to the end. Its state alone would miss an opening between two
// scrapes, so the counter of openings is read beside it.
func (q query) breakerMoments(link string) (moments []moment, samples int, err error) {
	client, server, err := system.SplitLink(link)
	if err != nil {
		return nil, 0, err
	}
	fault, end := q.faults()
	states, err := q.series("breaker_state", fault.Start, end, "$client", client, "$server", server)
	if err != nil {
		return nil, 0, err
	}
	openings, err := q.series("breaker_opened", fault.Start, end, "$client", client, "$server", server)
	if err != nil {
		return nil, 0, err
	}
	rose := map[int64]bool{}
	for i := 1; i < len(openings); i++ {
		rose[openings[i].Time.UnixMilli()] = openings[i].Value > openings[i-1].Value
	}
	for _, p := range states {
		opened := p.Value >= open || rose[p.Time.UnixMilli()]
		moments = append(moments, moment{at: p.Time, opened: opened, closed: p.Value == closed && !opened})
	}
	return moments, len(states), nil
}

func (q query) opens(e scenario.Expectation, moments []moment) Finding {
	fault, _ := q.faults()
	for _, m := range moments {
		if !m.opened || m.at.After(fault.End) {
			continue
		}
		f := Finding{State: Holds, Measured: "opened after " + seconds(fault.Start, m.at)}
		if m.at.Sub(fault.Start) > e.OpensWithin {
			f.State = Broken
		}
		return f
	}
	return Finding{State: Broken, Measured: "never opened while the fault lasted"}
}

func (q query) closes(e scenario.Expectation, moments []moment) Finding {
	fault, _ := q.faults()
	var everOpened bool
	at := fault.End // since when it has been closed
	for i, m := range moments {
		everOpened = everOpened || m.opened
		if m.closed || m.at.Before(fault.End) {
			continue
		}
		if i == len(moments)-1 {
			return Finding{State: Broken, waits: true, Measured: fmt.Sprintf("still not closed after %s", seconds(fault.End, m.at))}
		}
		at = moments[i+1].at
	}
	if !everOpened {
		return Finding{State: Unproven, Measured: "it never opened, so it had nothing to close"}
	}
	f := Finding{State: Holds, Measured: "closed after " + seconds(fault.End, at)}
	if at.Sub(fault.End) > e.ClosesWithin {
		f.State, f.late = Broken, true
	}
	return f
}
