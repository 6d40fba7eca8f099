package verdict

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/scenario"
)

// told is a folder whose logs hold changes of the breaker a -> b, each "seconds from to".
func told(t *testing.T, changes ...string) *evidence.Folder {
	t.Helper()
	f := folder()
	f.Dir = t.TempDir()
	f.Run.Telemetry["breaker_change"] = "breaker changed"
	var lines strings.Builder
	for i, c := range changes {
		var when float64
		var from, to string
		if _, err := fmt.Sscan(c, &when, &from, &to); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&lines, `{"client":"a","server":"b","from":%q,"to":%q,"sequence":%d,"time":%q,"message":"breaker changed"}`+"\n", from, to, i+1, at(when).Format(time.RFC3339Nano))
	}
	if err := os.Mkdir(filepath.Join(f.Dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Dir, "logs", "a-1.log"), []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

// calls are traces of one call each, from an instance of a to b, as b saw it: "instance seconds".
type calls []string

func (c calls) Trace(string) []observe.Span { return nil }

func (c calls) Traces() iter.Seq2[string, []observe.Span] {
	return func(yield func(string, []observe.Span) bool) {
		for i, text := range c {
			var instance string
			var when float64
			if _, err := fmt.Sscan(text, &instance, &when); err != nil {
				panic(err)
			}
			if !yield(fmt.Sprint(i), []observe.Span{
				{SpanID: "1", Service: "a", Instance: instance, Kind: "client", Start: at(when - 0.1)},
				{SpanID: "2", ParentID: "1", Service: "b", Kind: "server", Start: at(when), Name: "ask"},
			}) {
				return
			}
		}
	}
}

func TestLeaksAreCountedAtTheServer(t *testing.T) {
	opened := []string{"1 closed open", "2 open half-open", "2.1 half-open open", "3.1 open half-open", "3.2 half-open closed"}
	for name, c := range map[string]struct {
		changes  []string
		calls    calls
		most     float64
		want     State
		measured string
	}{
		"none while it was open":            {opened, calls{"a-1 0.5", "a-1 2.05", "a-1 3.15", "a-1 5"}, 0, Holds, "0 of 4 calls came in the 2s that it was open, in 2 openings"},
		"one in each opening":               {opened, calls{"a-1 1.5", "a-1 2.5", "a-1 5"}, 1, Broken, "2 of 3 calls"},
		"as many as are allowed":            {opened, calls{"a-1 1.5", "a-1 2.5", "a-1 5"}, 2, Holds, "2 of 3 calls"},
		"another instance has its own":      {opened, calls{"a-2 1.5"}, 0, Holds, "0 of 1 calls"},
		"one that never closes again":       {[]string{"1 closed open"}, calls{"a-1 7"}, 0, Broken, "1 of 1 calls came in the 9s"},
		"it never opened":                   {nil, calls{"a-1 1.5"}, 0, Unproven, "never opened"},
		"a server that tells of no calls":   {opened, nil, 0, Unproven, "told of no call"},
		"traces that nobody can read":       {opened, nil, 0, Unasked, ""},
		"a system without lines to look at": {nil, calls{"a-1 1"}, 0, Unasked, "breaker_change"},
	} {
		t.Run(name, func(t *testing.T) {
			f := told(t, c.changes...)
			if name == "a system without lines to look at" {
				delete(f.Run.Telemetry, "breaker_change")
			}
			q := query{Bench{Registry: registry(), Scenario: &scenario.Scenario{}, Traces: c.calls}, f, t.Context()}
			if name == "traces that nobody can read" {
				q.Traces = nil
			}
			got := q.expectations("during", []scenario.Expectation{{Breaker: "a -> b", LeaksAtMost: &c.most}})[0]
			expectFinding(t, got, c.want, c.measured)
			if c.want == Broken && len(got.Broken) == 0 {
				t.Error("got no example of a leak")
			}
		})
	}
}

func TestABreakerMustTryAgainInTime(t *testing.T) {
	soon := scenario.Expectation{Breaker: "a -> b", HalfOpensWithin: 1500 * time.Millisecond}
	for name, c := range map[string]struct {
		changes  []string
		want     State
		measured string
	}{
		"each opening is tried in time":     {[]string{"1 closed open", "2 open half-open", "2.1 half-open open", "3.5 open half-open"}, Holds, "2 trials, each at most 1.4s"},
		"one is tried too late":             {[]string{"1 closed open", "3 open half-open"}, Broken, "at most 2s"},
		"one is never tried":                {[]string{"1 closed open", "2 open half-open", "2.1 half-open open"}, Broken, "opened 2.1s after the fault began and let no trial out"},
		"it opened as the fault ended":      {[]string{"3.9 closed open"}, Unproven, "not for long enough"},
		"it never opened":                   {nil, Unproven, "never opened"},
		"a process that was gone meanwhile": {[]string{"1 closed open", "1.5 closed open", "2 open half-open"}, Holds, "1 trials"},
	} {
		t.Run(name, func(t *testing.T) {
			expectFinding(t, judged(t, "during", soon, told(t, c.changes...), nil), c.want, c.measured)
		})
	}
}

func TestAmplification(t *testing.T) {
	most := scenario.Expectation{Amplification: "a -> b", AtMost: bound(1.5), MinSamples: 10}
	for name, c := range map[string]struct {
		attempts, retries curve
		want              State
		measured          string
	}{
		"no retry":                        {curve{-4: 5, 1: 25}, curve{-4: 0}, Holds, "1: 0 retries of 20"},
		"one in two":                      {curve{-4: 5, 1: 35}, curve{-4: 3, 1: 13}, Holds, "1.5: 10 retries of 20"},
		"too many":                        {curve{-4: 0, 1: 30}, curve{-4: 0, 1: 20}, Broken, "3: 20 retries of 10"},
		"retries before the fault":        {curve{-4: 0, -1: 90, 1: 110}, curve{-4: 0, -1: 80}, Holds, "1: 0 retries of 20"},
		"a process that starts again":     {curve{-4: 50, 1: 60, 2: 0, 3: 10}, curve{-4: 9, 2: 0}, Holds, "1: 0 retries of 20"},
		"too few operations":              {curve{-4: 0, 1: 9}, curve{-4: 0}, Unproven, "needs 10"},
		"nobody ever asked on this link":  {nil, nil, Unproven, "needs 10"},
		"as many attempts as retries (!)": {curve{-4: 0, 1: 9}, curve{-4: 0, 1: 9}, Unproven, "needs 10"},
	} {
		t.Run(name, func(t *testing.T) {
			f := folder()
			f.Run.Telemetry["link_attempts"], f.Run.Telemetry["link_retries"] = "attempts $client>$server", "retries $client>$server"
			expectFinding(t, judged(t, "during", most, f, recorded{"attempts a>b": c.attempts, "retries a>b": c.retries}), c.want, c.measured)
		})
	}
}

func TestRecovery(t *testing.T) {
	soon := scenario.Expectation{Signal: "success", AtLeast: bound(0.9), RecoversWithin: time.Second, MinSamples: 5}
	failing := func(from, to float64) *evidence.Folder {
		f := folder()
		for i, op := range f.History {
			if !op.Intended.Before(at(from)) && op.Intended.Before(at(to)) {
				f.History[i].Outcome = "failed"
			}
		}
		return f
	}
	for name, c := range map[string]struct {
		f        *evidence.Folder
		want     State
		measured string
	}{
		"at once":                          {failing(0, 4), Holds, "1 of 1 from 0s on"},
		"in time":                          {failing(0, 5.2), Holds, "from 900ms on"},
		"too late":                         {failing(0, 6.5), Broken, "from 2.4s on"},
		"never":                            {failing(0, 8), Broken, "no moment from which on it holds"},
		"only when hardly anybody is left": {failing(4, 7.7), Broken, "no moment from which on it holds"},
		"well at first, and then no more":  {failing(6, 8), Broken, "no moment from which on it holds"},
	} {
		t.Run(name, func(t *testing.T) { expectFinding(t, judged(t, "after", soon, c.f, nil), c.want, c.measured) })
	}
	few := soon
	few.MinSamples = 50
	expectFinding(t, judged(t, "after", few, folder(), nil), Unproven, "needs 50")
}
