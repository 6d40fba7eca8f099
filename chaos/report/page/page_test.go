package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/report"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

// noon is when the kept runs of these tests begin.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// after is so many milliseconds after noon.
func after(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

// kept is the folder of a run, in the making.
type kept struct {
	t       *testing.T
	dir     string
	results []run.Result
}

func newKept(t *testing.T) *kept {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return &kept{t: t, dir: dir}
}

// add keeps one scenario's run: a second of baseline, two of fault, one of recovery.
func (k *kept) add(name string, got scenario.Verdict, round int, history []load.Operation) verdict.Verdict {
	k.t.Helper()
	v := verdict.Verdict{
		Name: name, Claim: "The claim of " + name + ".", Verdict: got, Expected: scenario.Pass, Seed: 7,
		Doses: []fault.Dose{
			{Fault: "delay", Target: "a -> b", Asked: "delay by 50ms", Start: after(1000), End: after(3000), Measures: map[string]float64{"max_delay_ms": 50.5, "chunks_delayed": 1234}, Hit: true, Why: "1234 chunks waited"},
			{Fault: "kill", Target: "c", Asked: "kill at number 9", Measures: map[string]float64{"pids_signalled": 0}, Why: "the ninth never came"},
		},
		Claims:     []verdict.Finding{{Phase: "during", Subject: "signal", Asked: "accepted at least 0.99", Measured: "1 of 1", Samples: 40, State: verdict.Holds}},
		Invariants: []verdict.Finding{{Phase: "end", Subject: "invariant", Asked: "nothing-lost", Measured: "1 of 9 lost", Samples: 9, State: verdict.Broken, Broken: []string{"order-3 is gone"}}},
	}
	folder := filepath.Join(k.dir, name)
	if round > 0 {
		folder = filepath.Join(folder, string(rune('0'+round)))
	}
	k.write(folder, history, evidence.Folder{Dir: folder, Doses: v.Doses, Run: evidence.Run{Name: name, Phases: []evidence.Phase{
		{Name: evidence.Steady, Start: noon, End: after(1000)}, {Name: evidence.Fault, Start: after(1000), End: after(3000)}, {Name: evidence.Recover, Start: after(3000), End: after(4000)},
	}}})
	k.results = append(k.results, run.Result{Verdict: v, Round: round, Folder: folder, Took: 5 * time.Second})
	return v
}

func (k *kept) write(folder string, history []load.Operation, f evidence.Folder) {
	k.t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		k.t.Fatal(err)
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, op := range history {
		if err := encoder.Encode(op); err != nil {
			k.t.Fatal(err)
		}
	}
	if err := errors.Join(f.Write(), os.WriteFile(filepath.Join(folder, evidence.HistoryFile), lines.Bytes(), 0o644)); err != nil {
		k.t.Fatal(err)
	}
}

// page writes the run's summary and draws it.
func (k *kept) page() string {
	k.t.Helper()
	if err := report.Files(k.dir, 9, run.Suite{Results: k.results}); err != nil {
		k.t.Fatal(err)
	}
	return k.drawn()
}

// drawn draws the run whose summary is there.
func (k *kept) drawn() string {
	k.t.Helper()
	path, err := Write(k.t.Context(), k.dir)
	if err != nil {
		k.t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		k.t.Fatal(err)
	}
	return string(text)
}

// requests are n operations over four seconds, one in ten failed and one in ten unknown.
func requests(n int) []load.Operation {
	var out []load.Operation
	for i := range n {
		start := noon.Add(time.Duration(i) * 4 * time.Second / time.Duration(n))
		op := load.Operation{Seq: i + 1, Name: "order", Intended: start, Start: start, End: start.Add(time.Duration(1+i%40) * time.Millisecond), Outcome: load.OK}
		switch i % 10 {
		case 3:
			op.Outcome = load.Failed
		case 7:
			op.Outcome = load.Unknown
		}
		out = append(out, op)
	}
	return out
}

func TestThePageTellsOfEachScenarioItsVerdictClaimAndDoses(t *testing.T) {
	k := newKept(t)
	k.add("one", scenario.Pass, 0, requests(20))
	k.add("two", scenario.Fail, 0, requests(20))
	got := html.UnescapeString(k.page())
	for _, r := range k.results {
		v := r.Verdict
		wants := []string{">" + v.Name + "<", v.Claim, string(v.Verdict) + "<", v.Claims[0].Asked, v.Invariants[0].Measured, v.Invariants[0].Broken[0]}
		for _, d := range v.Doses {
			wants = append(wants, d.Target, d.Asked, d.Why)
		}
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the page lacks %q", v.Name, want)
			}
		}
	}
	for _, want := range []string{"1 of 2 scenarios gave the expected verdict", "max delay <b>50.5 ms", "chunks delayed <b>1\u202f234", "pids signalled <b>0", "0 of 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestEveryRequestIsAPointOfItsOutcome(t *testing.T) {
	k := newKept(t)
	k.add("one", scenario.Pass, 0, requests(100))
	got := k.page()
	for class, want := range map[string]int{"is-ok": 80, "is-failed": 10, "is-unknown": 10} {
		points := 0
		for _, m := range regexp.MustCompile(`<path class="point ([^"]*)"[^>]* d="([^"]*)"`).FindAllStringSubmatch(got, -1) {
			if strings.Contains(m[1], class) {
				points += strings.Count(m[2], "h0")
			}
		}
		if points != want {
			t.Errorf("%s: got %d points, want %d", class, points, want)
		}
	}
}

func TestThePageOfManyRequestsStaysSmall(t *testing.T) {
	k := newKept(t)
	k.add("busy", scenario.Pass, 0, requests(5000))
	const most = 110_000 // bytes: 12 for each point, and the rest of the page
	if got := len(k.page()); got > most {
		t.Errorf("got %d bytes, want at most %d", got, most)
	}
}

func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	k := newKept(t)
	k.add("one", scenario.Fail, 0, requests(20))
	got := k.page()
	for _, m := range regexp.MustCompile(`(?i)(href|src|srcset|action|data|poster)\s*=\s*"([^"]*)"`).FindAllStringSubmatch(got, -1) {
		if !strings.HasPrefix(m[2], "#") {
			t.Errorf("%s leads out of the page", m[0])
		}
	}
	for _, word := range []string{"http:", "https:", "url(", "@import", "<link", "<iframe", "<object", "fetch(", "XMLHttpRequest", "import("} {
		if strings.Contains(got, word) {
			t.Errorf("the page holds %q", word)
		}
	}
	script := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(got)
	if script == nil {
		t.Fatal("the page has no script")
	}
	hash := sha256.Sum256([]byte(script[1]))
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(got)[1])
	for _, want := range []string{"default-src 'none'", "script-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy: got %q, want %q in it", policy, want)
		}
	}
}

func TestWhatEvidenceSaysStaysText(t *testing.T) {
	const hostile = `</style></script><script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	k := newKept(t)
	history := requests(20)
	for i := range history {
		history[i].Name = hostile
	}
	k.add("one", scenario.Fail, 0, history)
	v := &k.results[0].Verdict
	v.Claim, v.Reasons, v.Claims[0].Asked, v.Doses[0].Why = hostile, []string{hostile}, hostile, hostile
	v.Doses[0].Target, v.Invariants[0].Broken[0] = hostile, hostile
	v.Settings = map[string]map[string]string{hostile: {hostile: hostile}}
	k.write(k.results[0].Folder, history, evidence.Folder{Dir: k.results[0].Folder, Doses: v.Doses, Run: evidence.Run{
		Name: hostile, Tier: hostile, Phases: []evidence.Phase{{Name: hostile, Start: noon, End: after(4000)}}, Failures: []string{hostile},
	}})
	got := k.page()
	if n := strings.Count(got, "<script"); n != 1 {
		t.Errorf("got %d scripts, want the page's own alone", n)
	}
	for _, word := range []string{"<img", "</style></script>", `"'>`} {
		if strings.Contains(got, word) {
			t.Errorf("the page holds %q as it was written", word)
		}
	}
	if n := strings.Count(html.UnescapeString(got), hostile); n < 10 {
		t.Errorf("the hostile text is shown %d times, want it wherever it stands", n)
	}
}
