package report

import (
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

// Exit codes of the command line.
const (
	ExitExpected     = 0   // every scenario gave the verdict that its file asks for
	ExitBroken       = 1   // a claim broke, or a FAIL that was expected did not come
	ExitBadInput     = 2   // a file, a flag or the surroundings are wrong
	ExitInconclusive = 3   // something was not proven that should have been, could not be judged on this machine, or did not run in time
	ExitInvalid      = 4   // the harness itself failed, or the baseline was not steady
	ExitInterrupted  = 130 // Ctrl-C; everything was undone
)

// ExitCode is the code for a run's results, the most severe of them. late is how many scenarios did not begin for lack of time.
func ExitCode(results []run.Result, late int) int {
	code := ExitExpected
	if late > 0 {
		code = ExitInconclusive
	}
	for _, r := range results {
		if c := exitCode(r.Verdict); severity(c) > severity(code) {
			code = c
		}
	}
	return code
}

func exitCode(v verdict.Verdict) int {
	switch {
	case v.AsExpected():
		return ExitExpected
	case v.Unjudged():
		return ExitInconclusive
	case v.Verdict == scenario.Invalid:
		return ExitInvalid
	case v.Verdict == scenario.Inconclusive:
		return ExitInconclusive
	}
	return ExitBroken
}

// severity orders the codes: what cannot be judged hides whether a claim broke, and a broken claim is worse than one that
// was not proven.
func severity(code int) int {
	return map[int]int{ExitExpected: 0, ExitInconclusive: 1, ExitBroken: 2, ExitInvalid: 3, ExitBadInput: 4}[code]
}
