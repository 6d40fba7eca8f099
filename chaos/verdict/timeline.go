package verdict

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/scenario"
)

// Timeline is all that the evidence knows of one object of the system, whoever wrote it down.
type Timeline struct {
	Object  string    `json:"object"` // in words, such as "order 17"
	Zero    string    `json:"zero"`   // what offsets count from, in words
	ZeroAt  time.Time `json:"zero_at"`
	Moments []Moment  `json:"moments"` // by time
}

// Moment is one thing that happened to the object.
type Moment struct {
	At    time.Time `json:"at"`
	Where string    `json:"where"` // who did it, or in whose books it stands
	What  string    `json:"what"`  // in one line
}

// Counterexample is the story of one object that a broken check names, for people to see how it came to that.
type Counterexample struct {
	Asked   string `json:"asked,omitempty"`   // the check or claim; none if no broken one names an object that is known
	Example string `json:"example,omitempty"` // what the check says of the object
	Timeline
}

// ErrUnknownObject is what a Timeline function returns of an object that the evidence does not know.
var ErrUnknownObject = errors.New("the evidence does not know it")

// NewTimeline sorts moments and counts them from the first fault, or from the first moment in a run without faults.
func NewTimeline(f *evidence.Folder, object string, moments []Moment) Timeline {
	slices.SortStableFunc(moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	t := Timeline{Object: object, Zero: "the first fault", ZeroAt: f.Run.Struck(), Moments: moments}
	var first time.Time
	for _, d := range f.Doses {
		if !d.Start.IsZero() && (first.IsZero() || d.Start.Before(first)) {
			first = d.Start
		}
	}
	t.ZeroAt = cmp.Or(first, t.ZeroAt) // a fault that waits for its moment strikes later than its phase begins
	if t.ZeroAt.IsZero() && len(moments) > 0 {
		t.Zero, t.ZeroAt = "its first moment", moments[0].At
	}
	return t
}

// counterexample tells of the first object that a broken finding names. A run that fails though it should not, and whose
// broken findings name nobody, gets the story that the registry finds most telling.
func (q query) counterexample(v Verdict) *Counterexample {
	if q.Registry.Timeline == nil {
		return nil
	}
	for _, f := range slices.Concat(v.Claims, v.Invariants) {
		for _, example := range f.Broken {
			if t, err := q.Registry.Timeline(q.Folder, example); err == nil {
				return &Counterexample{f.Asked, example, t}
			}
		}
	}
	if v.Verdict == scenario.Fail && !v.AsExpected() {
		if t, err := q.Registry.Timeline(q.Folder, ""); err == nil {
			return &Counterexample{Timeline: t}
		}
	}
	return nil
}
