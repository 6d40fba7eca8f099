package scenario

import (
	"slices"
	"strings"
)

// Reason is the code of what decided a verdict. PASS has none.
type Reason string

// The reasons, by verdict.
const (
	InvariantBroken Reason = "invariant_broken" // FAIL: what must hold in every scenario does not
	ClaimBroken     Reason = "claim_broken"     // FAIL: something that this scenario expects did not come true

	NoImpact            Reason = "no_impact"            // INCONCLUSIVE: a fault measurably touched nothing
	PreconditionMissing Reason = "precondition_missing" // INCONCLUSIVE: no work was in flight for the fault to catch
	TooLittleEvidence   Reason = "too_little_evidence"  // INCONCLUSIVE: a question rests on too few samples or objects
	StillAtWork         Reason = "still_at_work"        // INCONCLUSIVE: the system was not done when its parts were compared
	Strained            Reason = "strained"             // INCONCLUSIVE: what failed, failed while others took the processors

	HarnessStoodStill Reason = "harness_stood_still" // INVALID: the harness or the machine was suspended
	HarnessFailed     Reason = "harness_failed"      // INVALID: a step of the run failed, or a process ended by itself
	VisitsDropped     Reason = "visits_dropped"      // INVALID: the harness could not open all visits
	NoTraffic         Reason = "no_traffic"          // INVALID: nobody came in the baseline
	BaselineUnsteady  Reason = "baseline_unsteady"   // INVALID: the baseline did not show what it must
	QuestionFailed    Reason = "question_failed"     // INVALID: the evidence for a question could not be read
)

// reasons are those that a file may expect of each verdict. That a machine was short of time or suspended is never what a
// scenario is about.
func reasons() map[Verdict][]Reason {
	return map[Verdict][]Reason{
		Fail:         {InvariantBroken, ClaimBroken},
		Inconclusive: {NoImpact, PreconditionMissing, TooLittleEvidence, StillAtWork},
		Invalid:      {HarnessFailed, VisitsDropped, NoTraffic, BaselineUnsteady, QuestionFailed},
	}
}

// reason holds the expected reason against the expected verdict.
func (r *reader) reason(s *Scenario) {
	if s.Reason == "" {
		return
	}
	known := reasons()[s.Verdict]
	if len(known) == 0 {
		r.at("reason", "reason: a scenario that must give %s has no reason to expect", s.Verdict)
		return
	}
	if !slices.Contains(known, s.Reason) {
		r.at("reason", "reason: expected one of %s for verdict %s, got %q", listed(known), s.Verdict, s.Reason)
	}
}

func listed(list []Reason) string {
	var all []string
	for _, reason := range list {
		all = append(all, string(reason))
	}
	return strings.Join(all, ", ")
}
