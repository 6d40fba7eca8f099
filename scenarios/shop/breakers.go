package shop

import (
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
	"stormglass/system/api/links"
)

// legalMove is the state machine of a circuit breaker.
func legalMove(from, to string) bool {
	switch from {
	case observe.BreakerClosed:
		return to == observe.BreakerOpen
	case observe.BreakerOpen:
		return to == observe.BreakerHalfOpen
	case observe.BreakerHalfOpen:
		return to == observe.BreakerOpen || to == observe.BreakerClosed
	}
	return false
}

// breakersConform follows each breaker of each process from change to change.
func breakersConform(f *evidence.Folder) (verdict.Result, error) {
	changes, err := observe.BreakerChanges(f.Dir, f.Run.Telemetry["breaker_change"])
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	last := map[string]observe.BreakerChange{} // by instance and server
	for _, c := range changes {
		key := c.Instance + " -> " + c.Server
		before, known := last[key]
		if c.Sequence == 1 && known && hasRestarted(f, c.Instance, before.Time, c.Time) {
			known = false // a new process, a new breaker
		}
		last[key] = c
		if !known {
			before = observe.BreakerChange{To: observe.BreakerClosed}
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
func restedEnough(before, now observe.BreakerChange) bool {
	if now.From != observe.BreakerOpen || now.To != observe.BreakerHalfOpen {
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
