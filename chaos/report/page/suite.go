package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"stormglass/chaos/evidence"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/strain"
	"stormglass/chaos/verdict"
)

// suite is a run as its summary.json tells it.
type suite struct {
	Seed      uint64
	NotRun    int
	Left      []string // those that did not run
	Machine   strain.Machine
	Cost      *run.Calibration
	Cells     []run.Occupancy
	Scenarios []contender
	Dir       string
}

// entry is one scenario that ran once.
type entry struct {
	verdict.Verdict
	Round   int     `json:"round"` // which of its runs this was; 0 where each scenario ran once
	Seconds float64 `json:"seconds"`
	Earlier []struct {
		Verdict scenario.Verdict `json:"verdict"`
		Reason  scenario.Reason  `json:"reason"`
		Reasons []string         `json:"reasons"`
	} `json:"earlier_tries"` // that could not be judged
	Folder string `json:"-"` // the evidence
	Place  string `json:"-"` // the same, as seen from the page
}

// contender is one scenario with all of its runs. One of them is drawn: the first that did not give what its file
// expects, or else the first.
type contender struct {
	ID      string // of its section in the page
	Shown   entry
	Rounds  []entry
	Section section
}

// Name is the scenario's, and its tier's where that is not the embedded one.
func (c contender) Name() string { return c.Shown.Title() }

// AsExpected is how many runs gave the verdict that the file expects.
func (c contender) AsExpected() (n int) {
	for _, e := range c.Rounds {
		if e.AsExpected() {
			n++
		}
	}
	return n
}

// Good says that all runs gave the verdict that the file expects.
func (c contender) Good() bool { return c.AsExpected() == len(c.Rounds) }

// Runs is how many runs there are in all, and AsExpected how many of them gave what was expected.
func (s suite) Runs() (n int) {
	for _, c := range s.Scenarios {
		n += len(c.Rounds)
	}
	return n
}

// AsExpected counts like Runs.
func (s suite) AsExpected() (n int) {
	for _, c := range s.Scenarios {
		n += c.AsExpected()
	}
	return n
}

// Good says that every scenario began, and gave what its file expects each time.
func (s suite) Good() bool { return s.NotRun == 0 && s.AsExpected() == s.Runs() }

// Run tells of the surroundings, which all scenarios share.
func (s suite) Run() evidence.Run {
	for _, c := range s.Scenarios {
		if c.Section.Run.Name != "" {
			return c.Section.Run
		}
	}
	return evidence.Run{}
}

// Tiers are those that scenarios ran in.
func (s suite) Tiers() []string {
	var tiers []string
	for _, c := range s.Scenarios {
		if !slices.Contains(tiers, c.Shown.Tier) {
			tiers = append(tiers, c.Shown.Tier)
		}
	}
	return tiers
}

// readSuite reads what ran: a whole run by its summary.json, or one scenario by its verdict.json.
func readSuite(dir string) (suite, error) {
	var summary struct {
		Seed        uint64           `json:"seed"`
		NotRun      int              `json:"not_run"`
		Left        []string         `json:"left"`
		Machine     strain.Machine   `json:"machine"`
		Calibration *run.Calibration `json:"calibration"`
		Cells       []run.Occupancy  `json:"cells"`
		Scenarios   []entry          `json:"scenarios"`
	}
	err := readJSON(filepath.Join(dir, "summary.json"), &summary)
	if errors.Is(err, fs.ErrNotExist) {
		return readOne(dir)
	}
	if err != nil {
		return suite{}, err
	}
	all := suite{
		Seed: summary.Seed, NotRun: summary.NotRun, Left: summary.Left, Machine: summary.Machine, Cost: summary.Calibration, Cells: summary.Cells,
		Dir: filepath.Base(resolved(dir)),
	}
	for _, e := range summary.Scenarios {
		e.Place = verdict.Place(e.Tier, e.Name)
		if e.Round > 0 {
			e.Place = path.Join(e.Place, strconv.Itoa(e.Round))
		}
		e.Folder = filepath.Join(dir, e.Place)
		all.add(e)
	}
	return all, nil
}

func readOne(dir string) (suite, error) {
	e := entry{Folder: dir, Place: "."}
	err := readJSON(filepath.Join(dir, evidence.VerdictFile), &e.Verdict)
	if errors.Is(err, fs.ErrNotExist) {
		return suite{}, fmt.Errorf("%s holds neither summary.json nor %s: expected the folder of a run, such as out/chaos/latest", dir, evidence.VerdictFile)
	}
	if err != nil {
		return suite{}, err
	}
	for _, p := range e.Phases {
		e.Seconds += p.Seconds
	}
	all := suite{Seed: e.Seed, Dir: filepath.Base(resolved(dir))}
	all.add(e)
	return all, nil
}

// add puts a run with the others of its scenario.
func (s *suite) add(e entry) {
	i := slices.IndexFunc(s.Scenarios, func(c contender) bool { return c.Name() == e.Title() })
	if i < 0 {
		i = len(s.Scenarios)
		s.Scenarios = append(s.Scenarios, contender{ID: fmt.Sprintf("s%d", i+1), Shown: e})
	}
	c := &s.Scenarios[i]
	if c.Good() && !e.AsExpected() {
		c.Shown = e
	}
	c.Rounds = append(c.Rounds, e)
}

// resolved is where a link such as latest points.
func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode %s: %w", path, err)
	}
	return nil
}
