package verdict

import (
	"errors"
	"fmt"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
)

// openTime is one stretch in which a breaker of one process was open.
type openTime struct {
	instance string
	evidence.Phase
	tried bool // a trial ended it, and not the end of the run
}

// openTimes reads from the breakers' own log lines when a link's breakers were open.
func (q query) openTimes(link string) ([]openTime, error) {
	client, server, err := system.SplitLink(link)
	if err != nil {
		return nil, err
	}
	changes, err := observe.BreakerChanges(q.Dir, q.Run.Telemetry["breaker_change"])
	if err != nil {
		return nil, err
	}
	_, end := q.faults()
	var open []openTime
	last := map[string]int{} // instance → its stretch that has not ended
	for _, c := range changes {
		if c.Client != client || c.Server != server {
			continue
		}
		if i, ok := last[c.Instance]; ok {
			open[i].End, open[i].tried = c.Time, c.To == observe.BreakerHalfOpen
			delete(last, c.Instance)
		}
		if c.To == observe.BreakerOpen {
			last[c.Instance] = len(open)
			open = append(open, openTime{instance: c.Instance, Phase: evidence.Phase{Start: c.Time, End: end}})
		}
	}
	return open, nil
}

// halfOpens asks how long each opening lasted before a trial was let out.
func (q query) halfOpens(e scenario.Expectation) (Finding, error) {
	open, err := q.openTimes(e.Breaker)
	if err != nil {
		return Finding{}, err
	}
	fault, _ := q.faults()
	var longest time.Duration
	var tried int
	for _, o := range open {
		if o.tried {
			longest = max(longest, o.End.Sub(o.Start))
			tried++
		} else if soon := o.Start.Add(e.HalfOpensWithin); soon.Before(o.End) && soon.Before(fault.End) {
			return Finding{State: Broken, Samples: len(open), Of: "openings", Measured: fmt.Sprintf("%s opened %s after the fault began and let no trial out", o.instance, seconds(fault.Start, o.Start))}, nil
		}
	}
	if tried == 0 {
		return Finding{State: Unproven, Measured: "it never opened, or not for long enough"}, nil
	}
	f := Finding{State: Holds, Samples: tried, Of: "openings", Measured: fmt.Sprintf("%d trials, each at most %v after its opening", tried, longest.Round(10*time.Millisecond))}
	if longest > e.HalfOpensWithin {
		f.State = Broken
	}
	return f, nil
}

// leaks counts the calls that reached the server while the caller's breaker was open. The server's own spans are asked,
// for a client that leaks is no witness; a server that never told of a call of this client cannot be one either.
func (q query) leaks(e scenario.Expectation) (Finding, error) {
	open, err := q.openTimes(e.Breaker)
	if err != nil {
		return Finding{}, err
	}
	if len(open) == 0 {
		return Finding{State: Unproven, Measured: "it never opened, so nothing could leak"}, nil
	}
	if q.Traces == nil {
		return Finding{}, errors.New("count calls at the server: the traces cannot be read")
	}
	client, server, _ := system.SplitLink(e.Breaker) // openTimes has split it
	var received int
	var leaked []string
	for _, members := range q.Traces.Traces() {
		for _, call := range callsOf(members, client, server) {
			received++
			for _, o := range open {
				if o.instance == call.from && o.Has(call.at) {
					leaked = append(leaked, fmt.Sprintf("%s of %s at %s, %s after its breaker had opened", call.name, call.from, call.at.Format(time.TimeOnly+".000"), seconds(o.Start, call.at)))
				}
			}
		}
	}
	if received == 0 {
		return Finding{State: Unproven, Measured: "the server told of no call of this client at all"}, nil
	}
	var total time.Duration
	for _, o := range open {
		total += o.End.Sub(o.Start)
	}
	f := Finding{State: Holds, Samples: received, Of: "calls", Measured: fmt.Sprintf("%d of %d calls came in the %v that it was open, in %d openings", len(leaked), received, total.Round(10*time.Millisecond), len(open))}
	if float64(len(leaked)) > *e.LeaksAtMost {
		f.State, f.Broken = Broken, leaked[:min(len(leaked), 10)]
	}
	return f, nil
}

// call is one call as its server saw it.
type call struct {
	from, name string
	at         time.Time
}

// callsOf lists the calls of one trace that a server got from a client.
func callsOf(trace []observe.Span, client, server string) (calls []call) {
	senders := map[string]observe.Span{}
	for _, s := range trace {
		if s.Service == client {
			senders[s.SpanID] = s
		}
	}
	for _, s := range trace {
		if sender, ok := senders[s.ParentID]; ok && s.Service == server && s.Kind == "server" {
			calls = append(calls, call{from: sender.Instance, name: s.Name, at: s.Start})
		}
	}
	return calls
}
