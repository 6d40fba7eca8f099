package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

// result is one scenario that gave a verdict where its file asks for another.
func result(got, expected scenario.Verdict) run.Result {
	return run.Result{
		Folder: "out/x/dark", Took: 12345 * time.Millisecond,
		Verdict: verdict.Verdict{
			Name: "dark", Claim: "It stays open.", Verdict: got, Expected: expected, Seed: 7, Reasons: []string{"lost: 1 of 9 (9 objects)"},
			Doses:      []fault.Dose{{Fault: "delay", Target: "a -> b", Asked: "delay for 1s", Why: "3 chunks waited", Hit: true, Measures: map[string]float64{"chunks_delayed": 3}}},
			Claims:     []verdict.Finding{{Phase: "during", Subject: "signal", Asked: "success at least 1", Measured: "1 of 1", Samples: 40, Of: "operations", State: verdict.Holds}, {Phase: "during", Subject: "traffic", Asked: "traffic", State: verdict.Holds}},
			Invariants: []verdict.Finding{{Phase: "end", Subject: "invariant", Asked: "kept", Samples: 8, State: verdict.Holds}, {Phase: "end", Subject: "invariant", Asked: "lost", Measured: "1 of 9", Samples: 9, State: verdict.Broken, Broken: []string{"order-3 is gone"}}},
			Settings:   map[string]map[string]string{"order": {"SAGA_DEADLINE": "6s"}},
			Load:       evidence.Load{Visits: 5, Rate: 20}, Phases: []verdict.PhaseTime{{Name: "steady", Seconds: 4}},
		},
	}
}

func TestTextSaysTheVerdictFirstAndWhatLedToIt(t *testing.T) {
	var out bytes.Buffer
	Text{W: &out}.Result(result(scenario.Fail, scenario.Pass))
	want := `FAIL (not PASS) dark  (12.3 s)
  It stays open.
  → lost: 1 of 9 (9 objects)
  ✓ during    success at least 1: 1 of 1 (40 operations)
  ✓ fault     a -> b: delay for 1s: 3 chunks waited
  ✗ end       lost: 1 of 9 (9 objects)
              order-3 is gone
  invariants  1 of 2 hold, 17 objects compared
  load        5 visits at 20/s, latest start 0s late
  setting     order runs with SAGA_DEADLINE=6s in this scenario
  evidence    out/x/dark

`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	out.Reset()
	Text{W: &out, Verbose: true}.Result(result(scenario.Pass, scenario.Pass))
	for _, want := range []string{"chunks_delayed = 3", "kept:", "traffic:", "phases      steady 4.0 s; own seed 7"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("verbose: got\n%s\nwant %q in it", out.String(), want)
		}
	}
}

func TestTheExitCodeIsTheMostSevere(t *testing.T) {
	expected := result(scenario.Inconclusive, scenario.Inconclusive)
	broken, missing := result(scenario.Fail, scenario.Pass), result(scenario.Pass, scenario.Fail)
	inconclusive, invalid := result(scenario.Inconclusive, scenario.Pass), result(scenario.Invalid, scenario.Pass)
	for name, c := range map[string]struct {
		results []run.Result
		want    int
	}{
		"nothing was run":           {nil, 0},
		"as expected":               {[]run.Result{expected}, 0},
		"a broken claim":            {[]run.Result{expected, broken}, 1},
		"a FAIL that did not come":  {[]run.Result{missing}, 1},
		"inconclusive":              {[]run.Result{inconclusive, expected}, 3},
		"broken beats inconclusive": {[]run.Result{inconclusive, broken}, 1},
		"invalid beats both":        {[]run.Result{inconclusive, invalid, broken}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ExitCode(c.results, 0); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestFilesAreWrittenAndLatestPointsToThem(t *testing.T) {
	parent := t.TempDir()
	for _, name := range []string{"first", "second"} {
		out := filepath.Join(parent, name)
		if err := os.Mkdir(out, 0o755); err != nil {
			t.Fatal(err)
		}
		results := []run.Result{result(scenario.Pass, scenario.Pass), result(scenario.Fail, scenario.Pass), result(scenario.Invalid, scenario.Pass)}
		if err := Files(out, 9, run.Suite{Results: results, NotRun: []string{"calm"}}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(filepath.Join(parent, "latest")); err != nil || got != name {
			t.Errorf("latest: got %q, %v, want %q", got, err, name)
		}
	}
	var s summary
	text, err := os.ReadFile(filepath.Join(parent, "latest", "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Scenarios) != 3 || s.Expected != 1 || s.NotRun != 1 || s.Seed != 9 || s.Scenarios[1].Verdict.Verdict != scenario.Fail || s.Scenarios[1].AsExpected {
		t.Errorf("summary: got %+v", s)
	}
	var suite testsuite
	if text, err = os.ReadFile(filepath.Join(parent, "latest", "junit.xml")); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text, &suite); err != nil {
		t.Fatal(err)
	}
	if suite.Tests != 3 || suite.Failures != 1 || suite.Errors != 1 || suite.Cases[0].Failure != nil || suite.Cases[2].Error == nil {
		t.Errorf("junit: got %+v", suite)
	}
	if f := suite.Cases[1].Failure; f == nil || f.Message != "FAIL (not PASS)" || !strings.Contains(f.Text, "lost: 1 of 9") {
		t.Errorf("junit failure: got %+v, want the broken lines", f)
	}
}

func TestRepeatsAreCountedForEachScenario(t *testing.T) {
	var results []run.Result
	for round, v := range []scenario.Verdict{scenario.Pass, scenario.Fail, scenario.Pass} {
		r := result(v, scenario.Pass)
		r.Round = round + 1
		results = append(results, r)
	}
	var out strings.Builder
	Text{W: &out}.Totals(run.Suite{Results: results, NotRun: []string{"calm", "night"}}, 9, "summary.json")
	name := results[0].Verdict.Name
	for _, want := range []string{"2 of 3  " + name, "2 of 3 scenarios gave", "2 did not run: calm, night"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %q, want %q in it", out.String(), want)
		}
	}
	if got, want := title(results[1]), name+" #2"; got != want {
		t.Errorf("got title %q, want %q", got, want)
	}
}

func TestTiersAreSetSideBySide(t *testing.T) {
	in := func(name, tier string, v scenario.Verdict) run.Result {
		return run.Result{Verdict: verdict.Verdict{Name: name, Tier: tier, Verdict: v, Expected: scenario.Pass}}
	}
	both := []run.Result{in("calm", "embedded", scenario.Pass), in("dark", "embedded", scenario.Pass), in("dark", "embedded", scenario.Pass),
		in("calm", "real", scenario.Pass), in("dark", "real", scenario.Pass), in("dark", "real", scenario.Fail)}
	for name, c := range map[string]struct {
		results []run.Result
		want    string
		same    bool
	}{
		"different":    {both, "\nscenario  embedded  real            same?\ncalm      PASS      PASS            yes\ndark      2 PASS    1 PASS, 1 FAIL  NO\n", false},
		"the same":     {[]run.Result{both[0], both[3]}, "\nscenario  embedded  real  same?\ncalm      PASS      PASS  yes\n", true},
		"one left out": {both[:1], "\nscenario  embedded  real         same?\ncalm      PASS      did not run  NO\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if same := (Text{W: &out}).Tiers([]string{"embedded", "real"}, c.results); same != c.same || out.String() != c.want {
				t.Errorf("got %v\n%s\nwant %v\n%s", same, &out, c.same, c.want)
			}
		})
	}
	var out bytes.Buffer
	if same := (Text{W: &out}).Tiers([]string{"real"}, both); !same || out.Len() > 0 {
		t.Errorf("one tier alone: got %v and %q, want nothing to compare", same, &out)
	}
}
