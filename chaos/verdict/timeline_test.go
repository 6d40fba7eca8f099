package verdict

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"stormglass/chaos/evidence"
	"stormglass/chaos/scenario"
)

// telling is a registry that knows the story of "this" alone, and finds "that" the most telling.
func telling() Registry {
	r := registry()
	r.Timeline = func(f *evidence.Folder, about string) (Timeline, error) {
		switch {
		case about == "":
			about = "that"
		case !strings.Contains(about, "this"):
			return Timeline{}, fmt.Errorf("tell: %w", ErrUnknownObject)
		}
		return NewTimeline(f, about, []Moment{{At: at(2), Where: "b"}, {At: at(1), Where: "a"}}), nil
	}
	return r
}

func TestACounterexampleIsTheFirstBrokenObjectThatIsKnown(t *testing.T) {
	broken := func(examples ...string) Check {
		return Check{Name: "kept", Invariant: true, Func: func(*evidence.Folder) Result { return Result{Compared: 1, Broken: examples} }}
	}
	unnamed := Check{Name: "kept", Invariant: true, Func: func(*evidence.Folder) Result { return Result{Compared: 1} }}
	whole := Check{Name: "kept", Invariant: true, Func: func(*evidence.Folder) Result { return Result{Holds: true, Compared: 1} }}
	for name, c := range map[string]struct {
		check    Check
		expected scenario.Verdict
		object   string // of the counterexample, "" for none
		asked    string
	}{
		"all holds":                              {whole, scenario.Pass, "", ""},
		"the first is not known":                 {broken("who?", "this is gone"), scenario.Pass, "this is gone", "kept"},
		"nobody is named":                        {unnamed, scenario.Pass, "that", ""},
		"nobody is named, as the file expects":   {unnamed, scenario.Fail, "", ""},
		"somebody is named, as the file expects": {broken("this is gone"), scenario.Fail, "this is gone", "kept"},
	} {
		t.Run(name, func(t *testing.T) {
			r := telling()
			r.Checks = []Check{c.check}
			s := asked()
			s.Verdict, s.Expect, s.Risk = c.expected, scenario.Expect{}, ""
			got := Bench{Scenario: s, Registry: r, Metrics: recorded{}}.Verdict(t.Context(), folder()).Counterexample
			if (got != nil) != (c.object != "") || got != nil && (got.Object != c.object || got.Asked != c.asked) {
				t.Errorf("got %+v, want %q by %q", got, c.object, c.asked)
			}
		})
	}
}

func TestATimelineIsSortedAndCountsFromTheFirstFault(t *testing.T) {
	f := folder()
	f.Doses[0].Start = at(0.5)
	told, err := telling().Timeline(f, "this")
	if err != nil {
		t.Fatal(err)
	}
	if told.Moments[0].Where != "a" || !told.ZeroAt.Equal(at(0.5)) || told.Zero != "the first fault" {
		t.Errorf("got %+v, want a before b, from the fault's start", told)
	}
	f.Doses, f.Run.Phases = nil, nil
	if told, _ = telling().Timeline(f, "this"); !told.ZeroAt.Equal(at(1)) {
		t.Errorf("without faults: got zero %v, want the first moment", told.ZeroAt.Sub(at(0)))
	}
	if _, err := telling().Timeline(f, "nobody"); !errors.Is(err, ErrUnknownObject) {
		t.Errorf("got %v, want ErrUnknownObject", err)
	}
}
