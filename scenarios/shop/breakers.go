package shop

import (
	"encoding/json"
	"fmt"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
	"stormglass/system/api/links"
)

// The states of a breaker, as its log lines name them.
const (
	breakerClosed   = "closed"
	breakerOpen     = "open"
	breakerHalfOpen = "half-open"
)

// change is one numbered log line of a breaker. Scrapes can miss a state that was short, these lines cannot.
type change struct {
	Client   string    `json:"client"`
	Server   string    `json:"server"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Sequence int       `json:"sequence"`
	Time     time.Time `json:"time"`
}

// legalMove is the state machine of a circuit breaker.
func legalMove(from, to string) bool {
	switch from {
	case breakerClosed:
		return to == breakerOpen
	case breakerOpen:
		return to == breakerHalfOpen
	case breakerHalfOpen:
		return to == breakerOpen || to == breakerClosed
	}
	return false
}

// breakersConform follows each breaker of each process from change to change.
func breakersConform(f *evidence.Folder) (verdict.Result, error) {
	lines, err := observe.Logs(f.Dir, observe.LogMatch{Text: `"message":"breaker changed"`})
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	last := map[string]change{} // by instance and server
	for _, line := range lines {
		var c change
		if err := json.Unmarshal([]byte(line.Raw), &c); err != nil {
			return verdict.Result{}, fmt.Errorf("read line %d of %s's log: %w", line.Number, line.Instance, err)
		}
		key := line.Instance + " -> " + c.Server
		before, known := last[key]
		if c.Sequence == 1 && known && hasRestarted(f, line.Instance, before.Time, c.Time) {
			known = false // a new process, a new breaker
		}
		last[key] = c
		if !known {
			before = change{To: breakerClosed}
		}
		t.expect(c.Sequence == before.Sequence+1 && c.From == before.To && legalMove(c.From, c.To) && restedEnough(before, c),
			"%s: number %d went from %s to %s at %s, after number %d had gone to %s at %s", key,
			c.Sequence, c.From, c.To, c.Time.Format(clock), before.Sequence, before.To, before.Time.Format(clock))
	}
	return t.result("%d changes of %d breakers", t.compared, len(last)), nil
}

// clock is how a moment is shown.
const clock = "15:04:05.000"

// clockSlack is by how much the times of two log lines may be nearer than the moments that they tell of.
const clockSlack = 5 * time.Millisecond

// restedEnough says whether an open breaker let nothing out before its time.
func restedEnough(before, now change) bool {
	if now.From != breakerOpen || now.To != breakerHalfOpen {
		return true
	}
	policy, err := links.Policy(now.Client, now.Server)
	return err == nil && now.Time.Sub(before.Time) >= policy.Breaker.OpenFor-clockSlack
}

// hasRestarted says whether a fault ended the process between two moments.
func hasRestarted(f *evidence.Folder, instance string, from, to time.Time) bool {
	for _, d := range f.Doses {
		if d.Measures["pids_signalled"] > 0 && system.InstanceOf(instance, d.Target) && d.Start.After(from) && d.Start.Before(to) {
			return true
		}
	}
	return false
}
