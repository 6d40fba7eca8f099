package report

import (
	"fmt"
	"io"
	"path/filepath"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

// bucket counts runs whose strain lay below a bound, and not below the bucket before it.
type bucket struct {
	below               float64
	runs, missed, broke int
}

// Curve reads the summaries of runs and writes a table in Markdown: how often scenarios missed what their files expect, by how
// strained they were. A run is missed when it was not as expected, be it excused or not; the invariants of those are counted
// apart, since strain excuses none. Earlier tries count as runs of their own.
func Curve(w io.Writer, runs []string) error {
	slowdown := []bucket{{below: 1}, {below: 2}, {below: 4}, {below: 8}, {below: 16}, {below: 32}, {below: 1e9}}
	late := []bucket{{below: 20}, {below: 50}, {below: 100}, {below: 150}, {below: 250}, {below: 500}, {below: 1e9}}
	for _, run := range runs {
		all, err := verdictsOf(run)
		if err != nil {
			return err
		}
		for _, v := range all {
			if len(v.Strain) == 0 {
				continue // a version that did not measure it
			}
			s, l := worstOf(v)
			put(slowdown, s, v)
			put(late, l, v)
		}
	}
	table(w, "slowdown in the worst second", "%g", slowdown)
	fmt.Fprintln(w)
	table(w, "harness late at most", "%g ms", late)
	return nil
}

// verdictsOf are the verdicts of all tries of a run.
func verdictsOf(run string) (all []verdict.Verdict, err error) {
	s, err := readSummary(run)
	if err != nil {
		return nil, err
	}
	for _, e := range s.Scenarios {
		all = append(all, e.Verdict)
		for n := range e.Earlier {
			var v verdict.Verdict
			path := filepath.Join(run, verdict.Place(e.Tier, e.Name), fmt.Sprintf("try-%d", n+1), evidence.VerdictFile)
			if err := readJSON(path, &v); err != nil {
				return nil, fmt.Errorf("read earlier try: %w", err)
			}
			all = append(all, v)
		}
	}
	return all, nil
}

// worstOf is the largest slowdown and lateness from the warm-up to the end of the load.
func worstOf(v verdict.Verdict) (slowdown, late float64) {
	for _, p := range v.Strain {
		switch p.Phase {
		case evidence.Warmup, evidence.Steady, evidence.Fault, evidence.Recover:
			slowdown, late = max(slowdown, p.Slowdown), max(late, p.Late)
		}
	}
	return slowdown, late
}

func put(buckets []bucket, x float64, v verdict.Verdict) {
	for i := range buckets {
		if x >= buckets[i].below {
			continue
		}
		buckets[i].runs++
		if !v.AsExpected() {
			buckets[i].missed++
		}
		for _, f := range v.Invariants {
			if f.State == verdict.Broken {
				buckets[i].broke++
				break
			}
		}
		return
	}
}

func table(w io.Writer, what, format string, buckets []bucket) {
	fmt.Fprintf(w, "| %s | runs | not as expected | share | an invariant broke |\n|---|--:|--:|--:|--:|\n", what)
	from := 0.0
	for _, b := range buckets {
		name := fmt.Sprintf(format+" to "+format, from, b.below)
		if b.below >= 1e9 {
			name = fmt.Sprintf(format+" and more", from)
		}
		share := "–"
		if b.runs > 0 {
			share = fmt.Sprintf("%.0f %%", 100*float64(b.missed)/float64(b.runs))
		}
		fmt.Fprintf(w, "| %s | %d | %d | %s | %d |\n", name, b.runs, b.missed, share, b.broke)
		from = b.below
	}
}
