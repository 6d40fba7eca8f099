package page

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/scenario"
)

func TestWhatIsMissingIsSaidAndTheRestIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		history []load.Operation
		lose    string // a file of the evidence
		says    string
		keeps   string
	}{
		"no samples":  {requests(20), "metrics", "Neither metrics nor traces can be shown", "Latency"},
		"no history":  {requests(20), evidence.HistoryFile, "Nothing can be drawn: open evidence", "nothing-lost"},
		"no run":      {requests(20), evidence.RunFile, "run.json", "nothing-lost"},
		"no requests": {nil, "metrics", "No operation was recorded", "Timeline"},
		"no folder":   {requests(20), "", "Nothing can be drawn", "nothing-lost"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKept(t)
			k.add("one", scenario.Pass, 0, c.history)
			if err := os.RemoveAll(filepath.Join(k.results[0].Folder, c.lose)); err != nil {
				t.Fatal(err)
			}
			got := k.page()
			for _, want := range []string{c.says, c.keeps, "The claim of one."} {
				if !strings.Contains(got, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
		})
	}
}

func TestARunThatEndedBeforeAnyLoadHasAPage(t *testing.T) {
	k := newKept(t)
	k.add("one", scenario.Invalid, 0, nil)
	k.write(k.results[0].Folder, nil, evidence.Folder{Dir: k.results[0].Folder, Run: evidence.Run{Name: "one", Phases: []evidence.Phase{{Name: evidence.Boot, Start: noon, End: after(9)}}}})
	if got, want := k.page(), "the run ended before there was any load"; !strings.Contains(got, want) {
		t.Errorf("the page lacks %q", want)
	}
}

func TestAFolderThatIsNoRunIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(t.Context(), dir); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "expected the folder of a run") {
		t.Errorf("got %v, want an error that names the folder and says what is expected", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "summary.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "summary.json") {
		t.Errorf("got %v, want an error that names summary.json", err)
	}
}

func TestAPageThatWasInterruptedIsNotLeftHalf(t *testing.T) {
	k := newKept(t)
	k.add("one", scenario.Pass, 0, requests(20))
	before := k.page()
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("enough")
	cancel(stopped)
	if _, err := Write(ctx, k.dir); !errors.Is(err, stopped) {
		t.Errorf("got %v, want the cause", err)
	}
	if text, err := os.ReadFile(filepath.Join(k.dir, File)); err != nil || string(text) != before {
		t.Errorf("the page that was there is not there any more: %v", err)
	}
}

func TestOneScenariosFolderHasAPageOfItsOwn(t *testing.T) {
	k := newKept(t)
	v := k.add("one", scenario.Pass, 0, requests(20))
	if err := evidence.WriteJSON(filepath.Join(k.results[0].Folder, evidence.VerdictFile), v); err != nil {
		t.Fatal(err)
	}
	path, err := Write(t.Context(), k.results[0].Folder)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), v.Claim) {
		t.Errorf("%s: got %v, want the scenario's claim in it", path, err)
	}
}

func TestOfManyRunsTheFirstUnexpectedOneIsDrawn(t *testing.T) {
	k := newKept(t)
	for round, got := range []scenario.Verdict{scenario.Pass, scenario.Fail, scenario.Invalid} {
		k.add("flaky", got, round+1, requests(20))
	}
	k.add("firm", scenario.Pass, 1, requests(20))
	got := k.page()
	for _, want := range []string{"2 of 4 runs gave the expected verdict", "1 of 3 runs", "run 2 is the one shown", "evidence in flaky/2", "evidence in firm/1"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(got, `class="scenario"`); n != 2 {
		t.Errorf("got %d sections, want one for each scenario", n)
	}
}
