package mutate

import (
	"slices"
	"strings"

	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

// Fate is what became of a mutant.
type Fate string

// The fates. Only Killed is good news.
const (
	Killed   Fate = "killed"   // by the check that was named
	Mistaken Fate = "mistaken" // other checks noticed, the one that was named did not
	Survived Fate = "survived" // nothing noticed
	Unjudged Fate = "unjudged" // the run itself failed, or was not steady, or others took the processors: nothing is known
)

// Result is one line of the kill table.
type Result struct {
	Mutant Mutant   `json:"-"`
	Name   string   `json:"name"`
	Fate   Fate     `json:"fate"`
	Broken []string `json:"broken"` // all that noticed
	Why    string   `json:"why,omitempty"`
	// Strained says of an unjudged one that this machine did not let it be judged: another try may tell.
	Strained bool   `json:"strained,omitempty"`
	Folder   string `json:"evidence,omitempty"`
}

// Judge says what a run of the mutant's scenario came to. What a run claims about time means nothing when it was not steady
// before the fault; an invariant that is broken is broken all the same.
func (m Mutant) Judge(v verdict.Verdict) Result {
	r := Result{Mutant: m, Name: m.Name, Broken: []string{}}
	named := false
	looked := v.Invariants
	if v.Verdict != scenario.Invalid {
		looked = slices.Concat(v.Claims, v.Invariants)
	}
	for _, f := range looked {
		if f.State == verdict.Broken {
			r.Broken = append(r.Broken, f.Asked)
			named = named || strings.HasPrefix(f.Asked, m.Killer)
		}
	}
	switch {
	case named:
		r.Fate = Killed
	case len(r.Broken) > 0:
		r.Fate = Mistaken
	case v.Verdict == scenario.Invalid || v.Unjudged():
		r.Fate, r.Why, r.Strained = Unjudged, strings.Join(v.Reasons, "; "), v.Unjudged()
	default:
		r.Fate = Survived
	}
	return r
}
