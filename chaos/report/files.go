package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/strain"
	"stormglass/chaos/verdict"
)

// summary is summary.json.
type summary struct {
	Seed        uint64           `json:"seed"`
	Expected    int              `json:"as_expected"`    // scenarios that gave the verdict their file asks for
	NotRun      int              `json:"not_run"`        // that were to run and did not begin
	Left        []string         `json:"left,omitempty"` // their names
	Machine     strain.Machine   `json:"machine"`
	Calibration *run.Calibration `json:"calibration,omitempty"` // what a cell cost; none where it was not measured
	Cells       []run.Occupancy  `json:"cells"`                 // how many ran at once, from each change on
	Scenarios   []entry          `json:"scenarios"`
}

// entry is one scenario in summary.json: its verdict and where the evidence lies.
type entry struct {
	verdict.Verdict
	Round      int     `json:"round,omitempty"` // which of its runs this was, where it ran more than once
	AsExpected bool    `json:"as_expected"`
	Seconds    float64 `json:"seconds"`
	Evidence   string  `json:"evidence"`
	Try        int     `json:"try"`
	Earlier    []try   `json:"earlier_tries,omitempty"` // that could not be judged
}

// try is one that could not be judged, in summary.json.
type try struct {
	Verdict  scenario.Verdict `json:"verdict"`
	Reason   scenario.Reason  `json:"reason"`
	Reasons  []string         `json:"reasons"`
	Evidence string           `json:"evidence"`
}

func triesOf(r run.Result) (tries []try) {
	for _, e := range r.Earlier {
		tries = append(tries, try{e.Verdict.Verdict, e.Verdict.Reason, e.Verdict.Reasons, e.Folder})
	}
	return tries
}

// Files writes out/summary.json and out/junit.xml, and points the link `latest` beside out to it.
func Files(out string, seed uint64, suite run.Suite) error {
	results := suite.Results
	all := summary{
		Seed: seed, Expected: expected(results), NotRun: len(suite.NotRun), Left: suite.NotRun,
		Machine: suite.Machine, Calibration: suite.Calibration, Cells: suite.Occupancy, Scenarios: []entry{},
	}
	for _, r := range results {
		all.Scenarios = append(all.Scenarios, entry{r.Verdict, r.Round, r.Verdict.AsExpected(), r.Took.Seconds(), r.Folder, r.Try, triesOf(r)})
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	if err := os.WriteFile(filepath.Join(out, "summary.json"), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	if text, err = xml.MarshalIndent(junit(results), "", "  "); err != nil {
		return fmt.Errorf("encode junit report: %w", err)
	}
	if err := os.WriteFile(filepath.Join(out, "junit.xml"), []byte(xml.Header+string(text)+"\n"), 0o644); err != nil {
		return fmt.Errorf("write junit report: %w", err)
	}
	return pointLatest(out)
}

// pointLatest makes or moves the link in one step, so that a reader never finds it missing.
func pointLatest(out string) error {
	link := filepath.Join(filepath.Dir(out), "latest")
	fresh := link + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("point latest: %w", err)
	}
	if err := os.Symlink(filepath.Base(out), fresh); err != nil {
		return fmt.Errorf("point latest: %w", err)
	}
	if err := os.Rename(fresh, link); err != nil {
		return fmt.Errorf("point latest: %w", err)
	}
	return nil
}

// The JUnit form, as far as build servers read it.
type testsuite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Time     string     `xml:"time,attr"`
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr"`
	Failure *problem `xml:"failure,omitempty"`
	Error   *problem `xml:"error,omitempty"`
	Output  string   `xml:"system-out"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junit makes a test case of each scenario. A verdict that was not expected is a failure, or an error where the run was
// INVALID or could not be judged on this machine, and carries the reasons.
func junit(results []run.Result) testsuite {
	suite := testsuite{Name: "stormglass", Tests: len(results)}
	var total float64
	for _, r := range results {
		total += r.Took.Seconds()
		var output strings.Builder
		Text{W: &output, Verbose: true}.Result(r)
		c := testcase{Name: title(r), Class: "scenarios", Time: fmt.Sprintf("%.3f", r.Took.Seconds()), Output: output.String()}
		if v := r.Verdict; !v.AsExpected() {
			p := &problem{Message: headline(v), Text: strings.Join(v.Reasons, "\n")}
			if v.Verdict == scenario.Invalid || v.Unjudged() {
				c.Error, suite.Errors = p, suite.Errors+1
			} else {
				c.Failure, suite.Failures = p, suite.Failures+1
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = fmt.Sprintf("%.3f", total)
	return suite
}
