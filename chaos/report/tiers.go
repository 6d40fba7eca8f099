package report

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
)

// Tiers writes a table that sets the verdicts of several tiers side by side, and says whether they are the same. A scenario that
// ran more than once must have given each verdict as often in one tier as in the other; one that this machine did not let be
// judged in a tier is not compared. With fewer than two tiers there is
// nothing to compare.
func (t Text) Tiers(tiers []string, results []run.Result) (same bool) {
	if len(tiers) < 2 {
		return true
	}
	var names []string
	for _, r := range results {
		if !slices.Contains(names, r.Verdict.Name) {
			names = append(names, r.Verdict.Name)
		}
	}
	w := tabwriter.NewWriter(t.W, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nscenario\t%s\tsame?\n", strings.Join(tiers, "\t"))
	same = true
	for _, name := range names {
		var row []string
		for _, tier := range tiers {
			row = append(row, verdicts(results, name, tier))
		}
		answer := "yes"
		switch {
		case slices.Contains(unjudged(results), name):
			answer = "not judged"
		case len(slices.Compact(slices.Clone(row))) > 1:
			answer, same = "NO", false
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, strings.Join(row, "\t"), answer)
	}
	_ = w.Flush() // a terminal that is gone needs no table
	return same
}

// verdicts is what one scenario gave in one tier: one word, or how often each where it ran more than once.
func verdicts(results []run.Result, name, tier string) string {
	count, runs := map[scenario.Verdict]int{}, 0
	for _, r := range results {
		if r.Verdict.Name == name && r.Verdict.Tier == tier {
			count[r.Verdict.Verdict]++
			runs++
		}
	}
	var words []string
	for _, v := range scenario.Verdicts() {
		switch {
		case count[v] > 0 && runs == 1:
			words = append(words, string(v))
		case count[v] > 0:
			words = append(words, fmt.Sprintf("%d %s", count[v], v))
		}
	}
	if runs == 0 {
		return "did not run"
	}
	return strings.Join(words, ", ")
}
