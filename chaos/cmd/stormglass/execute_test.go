package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stormglass/chaos/run/runtest"
)

func TestRunsEndWithTheCodeOfTheirVerdict(t *testing.T) {
	y := newToy(t)
	// unexpected rewrites what a scenario's file expects.
	unexpected := func(name, was, is string) string {
		path := runtest.Write(t, "scenarios/"+name+".yaml")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), "verdict: "+was, "verdict: "+is, 1)
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		files []string
		code  int
		says  string
	}{
		"as expected": {[]string{runtest.Write(t, "scenarios/calm.yaml"), runtest.Write(t, "scenarios/idle-link.yaml")}, 0,
			"2 of 2 scenarios gave the verdict that their files expect"},
		"broken claim":           {[]string{unexpected("orders-lost", "FAIL", "PASS")}, 1, "FAIL (not PASS)"},
		"FAIL that did not come": {[]string{unexpected("calm", "PASS", "FAIL")}, 1, "PASS (not FAIL)"},
		"inconclusive":           {[]string{unexpected("idle-link", "INCONCLUSIVE", "PASS")}, 3, "touched nothing"},
		"invalid beats broken":   {[]string{unexpected("unsteady", "INVALID", "PASS"), unexpected("orders-lost", "FAIL", "PASS")}, 4, "not steady"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"--seed", "5", "--out", t.TempDir()}, c.files...)
			code, stdout, stderr := y.execute(y.line("run", args...)...)
			if code != c.code || !strings.Contains(stdout, c.says) {
				t.Errorf("got code %d, want %d and %q\n%s%s", code, c.code, c.says, stdout, stderr)
			}
			if !strings.Contains(stderr, "seed 5") {
				t.Errorf("got %s, want the seed", stderr)
			}
		})
	}
	if left := y.left(); left != "" {
		t.Errorf("processes left:\n%s", left)
	}
}

func TestARunLeavesSummariesAndAFolderThatCanBeJudgedAgain(t *testing.T) {
	y := newToy(t)
	code, _, stderr := y.execute(y.line("run", "--out", y.out, runtest.Write(t, "scenarios/idle-link.yaml"))...)
	if code != 0 {
		t.Fatalf("got code %d\n%s", code, stderr)
	}
	var summary struct {
		Scenarios []struct {
			Name, Claim, Verdict, Expected, Evidence string
			Seed                                     uint64
			Faults                                   []struct{ Target, Asked string }
			Claims, Invariants                       []struct {
				Asked, Measured string
				Samples         int
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(y.out, "latest", "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &summary); err != nil {
		t.Fatal(err)
	}
	got := summary.Scenarios[0]
	if got.Name != "idle-link" || got.Verdict != "INCONCLUSIVE" || got.Seed == 0 || got.Faults[0].Target != "desk -> vault" || got.Invariants[0].Samples == 0 {
		t.Errorf("summary: got %+v", got)
	}
	if _, err := os.Stat(filepath.Join(y.out, "latest", "junit.xml")); err != nil {
		t.Error(err)
	}
	code, stdout, stderr := y.execute("check", got.Evidence)
	if code != 0 || !strings.Contains(stdout, "INCONCLUSIVE (as expected)") || strings.Contains(stderr, "differs") {
		t.Errorf("check: got code %d\n%s%s", code, stdout, stderr)
	}
}

func TestARunsPageIsMadeAgainFromItsFolderAlone(t *testing.T) {
	y := newToy(t)
	code, stdout, stderr := y.execute(y.line("run", "--out", y.out, runtest.Write(t, "scenarios/bank-dark.yaml"))...)
	if code != 0 {
		t.Fatalf("got code %d\n%s%s", code, stdout, stderr)
	}
	path := filepath.Join(y.out, "latest", "report.html")
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stdout, "report.html") {
		t.Errorf("run: got\n%s\nwant the page's path", stdout)
	}
	code, stdout, stderr = y.execute("report", filepath.Join(y.out, "latest"))
	if code != 0 || strings.TrimSpace(stdout) != path {
		t.Fatalf("report: got code %d and %q, want %s\n%s", code, stdout, path, stderr)
	}
	again, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) {
		t.Error("the page that was made again is not the one that the run made")
	}
	for _, want := range []string{"bank-dark", "Breakers", "Orders by state", "open"} {
		if !bytes.Contains(again, []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestBadInputEndsWithCodeTwoAndSaysWhatToDo(t *testing.T) {
	y := newToy(t)
	calm := runtest.Write(t, "scenarios/calm.yaml")
	spiked := runtest.Write(t, "scenarios/spiked.yaml")
	wrong := filepath.Join(t.TempDir(), "wrong.yaml")
	if err := os.WriteFile(wrong, []byte("name: wrong\nclam: C.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(calm)
	if err != nil {
		t.Fatal(err)
	}
	twins, other, appended := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "calm.yaml")
	for path, content := range map[string]string{
		filepath.Join(twins, "calm.yaml"): string(text), filepath.Join(twins, "calm.yml"): string(text),
		filepath.Join(other, "wrong.yml"): "name: wrong\nclam: C.\n", appended: string(text) + "---\n" + string(text),
	} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no command":          {nil, "expected one of"},
		"unknown command":     {[]string{"rum"}, "unexpected argument rum"},
		"no file":             {y.line("run"), "expected \"<file> ...\""},
		"missing file":        {y.line("run", "nowhere.yaml"), "there is no nowhere.yaml"},
		"empty folder":        {y.line("run", t.TempDir()), "holds no .yaml or .yml file"},
		"wrong scenario":      {y.line("run", wrong), wrong + ":2:1: unknown key \"clam\"; did you mean claim?"},
		"wrong to validate":   {y.line("validate", calm, wrong), "did you mean claim?"},
		"the same file twice": {y.line("run", calm, calm), "a scenario named calm was given already: " + calm},
		"a name twice":        {y.line("validate", twins), "calm.yml: a scenario named calm was given already: " + filepath.Join(twins, "calm.yaml")},
		"wrong .yml":          {y.line("validate", other), filepath.Join(other, "wrong.yml") + ":2:1: unknown key \"clam\""},
		"second document":     {y.line("validate", appended), appended + ":"},
		"unknown name":        {y.line("run", calm, "--only", "clam"), "did you mean calm?"},
		"no jobs":             {y.line("run", calm, "--jobs=-1"), "read --jobs: expected 0 or more, got -1"},
		"no repeats":          {y.line("run", calm, "--repeat", "0"), "read --repeat: expected at least 1, got 0"},
		"no capacity":         {y.line("run", spiked, "--capacity", "0"), "read --capacity: expected accepted operations per second above 0, such as 40, got 0"},
		"capacity below none": {y.line("run", spiked, "--capacity=-3"), "read --capacity: expected accepted operations per second above 0"},
		"endless capacity":    {y.line("run", spiked, "--capacity", "Inf"), "read --capacity: expected accepted operations per second above 0"},
		"capacity of nothing": {y.line("run", calm, "--capacity", "40"), "none of these scenarios has a load spike that is a multiple of a capacity"},
		"unknown to explain":  {y.line("explain", "clam", "--dir", filepath.Dir(calm)), "did you mean calm?"},
		"missing system":      {[]string{"run", calm, "--system", "nowhere.yaml"}, "nowhere.yaml"},
		"wrong system":        {[]string{"run", calm, "--system", wrong}, wrong + ":2:1:"},
		"missing programs":    {[]string{"run", calm, "--system", y.system, "--bin", t.TempDir()}, "run `make build`"},
		"no evidence":         {[]string{"check", t.TempDir()}, "run.json"},
		"no run to report":    {[]string{"report", t.TempDir()}, "expected the folder of a run"},
		"port in use":         {y.line("up", "--port", port), port},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := y.execute(c.args...)
			if code != 2 || !strings.Contains(stderr, c.want) {
				t.Errorf("got code %d, want 2 and %q\n%s%s", code, c.want, stdout, stderr)
			}
		})
	}
}

func TestValidateAndListReadAFolder(t *testing.T) {
	y := newToy(t)
	dir := filepath.Dir(runtest.Write(t, "scenarios/calm.yaml"))
	if code, stdout, stderr := y.execute(y.line("validate", dir)...); code != 0 || !strings.Contains(stdout, "calm.yaml: valid") {
		t.Errorf("validate: got code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := y.execute(y.line("list", dir)...); code != 0 || !strings.Contains(stdout, "PASS") || !strings.Contains(stdout, "Without faults, orders are taken") {
		t.Errorf("list: got code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := y.execute(y.line("list", "--markdown", dir)...); code != 0 || !strings.Contains(stdout, "| [`calm`]("+filepath.Join(dir, "calm.yaml")+") | PASS |") {
		t.Errorf("list --markdown: got code %d\n%s%s", code, stdout, stderr)
	}
}

func TestTheTableOfClaimsLinksToAFolderOfAnyName(t *testing.T) {
	y := newToy(t)
	text, err := os.ReadFile(runtest.Write(t, "scenarios/calm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "a (b) #%41 [c]")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "calm.yaml"), text, 0o644)); err != nil {
		t.Fatal(err)
	}
	want := "](" + filepath.Dir(dir) + "/a%20%28b%29%20%23%2541%20%5Bc%5D/calm.yaml) |"
	if code, stdout, stderr := y.execute(y.line("list", "--markdown", dir)...); code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("got code %d, want 0 and %s\n%s%s", code, want, stdout, stderr)
	}
}

func TestProbePrintsOneJSONObject(t *testing.T) {
	y := newToy(t)
	code, stdout, stderr := y.execute(y.line("up", "--probe")...)
	if code != 0 {
		t.Fatalf("got code %d\n%s", code, stderr)
	}
	var got probeReport
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil || decoder.More() {
		t.Fatalf("got %s, %v, want exactly one JSON object", stdout, err)
	}
	if got.BootMS <= 0 || got.OrderConfirmedMS <= 0 || got.FirstOrderMS < got.BootMS || got.RSSMB <= 0 || len(got.TraceID) != 32 {
		t.Errorf("got %+v", got)
	}
	if len(got.Services) != 1 || got.Services[0] != "desk" || got.ProcessMB["bank-1"] <= 0 {
		t.Errorf("got services %v and memory %v, want desk alone and a figure for each process", got.Services, got.ProcessMB)
	}
	if !strings.Contains(stderr, "ordering") {
		t.Errorf("stderr: got %q, want the probe's progress", stderr)
	}
	if left := y.left(); left != "" {
		t.Errorf("processes left:\n%s", left)
	}
}

func TestExplainSaysWhatIsDoneAndWhatTheWordsMean(t *testing.T) {
	y := newToy(t)
	file := runtest.Write(t, "scenarios/bank-dark.yaml")
	for _, what := range []string{file, "bank-dark"} {
		code, stdout, stderr := y.execute(y.line("explain", "--dir", filepath.Dir(file), what)...)
		if code != 0 {
			t.Fatalf("got code %d\n%s%s", code, stdout, stderr)
		}
		for _, want := range []string{"bank-dark must be PASS", "blackhole desk -> bank for", "blackhole: swallows every byte", "While the fault lasts:", "After every scenario:"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("got %s\nwant %q in it", stdout, want)
			}
		}
	}
}

func TestExplainSaysHowALoadSpikeFindsItsSize(t *testing.T) {
	y := newToy(t)
	code, stdout, stderr := y.execute(y.line("explain", runtest.Write(t, "scenarios/spiked.yaml"))...)
	if code != 0 {
		t.Fatalf("got code %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{"probe-capacity with 8 visits at a time, 1000 in all at most, buyer for 1s", "crowd of 2 times the capacity found, 1000 at most, buyer for 500ms", "probe-capacity: keeps 8 visits going"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("got %s\nwant %q in it", stdout, want)
		}
	}
}

func TestSchemaIsPrinted(t *testing.T) {
	code, stdout, stderr := newToy(t).execute("schema")
	var schema map[string]any
	if err := json.Unmarshal([]byte(stdout), &schema); code != 0 || err != nil || schema["title"] != "A Stormglass scenario" {
		t.Errorf("got code %d, error %v\n%s%s", code, err, stdout, stderr)
	}
}

func TestAKeptRunAnswersQuestions(t *testing.T) {
	y := newToy(t)
	if code, _, stderr := y.execute(y.line("run", "--out", y.out, runtest.Write(t, "scenarios/calm.yaml"))...); code != 0 {
		t.Fatalf("got code %d\n%s", code, stderr)
	}
	folder := filepath.Join(y.out, "latest", "calm")
	code, stdout, stderr := y.execute("query", folder, "up")
	if code != 0 || !strings.Contains(stdout, `instance="desk-1"`) || !strings.HasPrefix(stdout, "1 ") {
		t.Errorf("query: got code %d\n%s%s", code, stdout, stderr)
	}
	line := []byte(`{"time":"2026-05-01T12:00:00Z","message":"sold","correlation_id":"c-1"}` + "\n")
	if err := os.WriteFile(filepath.Join(folder, "logs", "desk-1.log"), line, 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = y.execute("logs", folder, "--instance", "desk-1", "--correlation", "c-1")
	if code != 0 || !strings.HasPrefix(stdout, "desk-1 ") {
		t.Errorf("logs: got code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr = y.execute("trace", folder); code != 0 || !strings.Contains(stdout, "traces; the slowest:") {
		t.Errorf("trace: got code %d\n%s%s", code, stdout, stderr)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"wrong PromQL":   {[]string{"query", folder, "sum("}, "parse error"},
		"after the end":  {[]string{"query", folder, "up", "--at", "1h"}, "is after the end of the run"},
		"flag between":   {[]string{"query", folder, "--at", "1s", "up"}, "stands together"},
		"no such trace":  {[]string{"trace", folder, "beef"}, `holds no trace "beef"`},
		"no such folder": {[]string{"logs", filepath.Join(y.out, "nowhere")}, "nowhere"},
	} {
		if code, _, stderr := y.execute(c.args...); code != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: got code %d and %q, want 2 and %q", name, code, stderr, c.want)
		}
	}
}
