package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTallyCountsOverRuns(t *testing.T) {
	run := func(text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "summary.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	first := run(`{"scenarios": [
		{"name": "b", "verdict": "PASS", "as_expected": true, "invariants": [{"asked": "i", "state": "holds"}]},
		{"name": "a", "verdict": "FAIL", "as_expected": false, "reasons": ["too | late"], "invariants": [{"asked": "i", "state": "holds"}]}]}`)
	second := run(`{"scenarios": [
		{"name": "a", "verdict": "PASS", "as_expected": true, "invariants": [{"asked": "i", "state": "broken"}]}]}`)
	var out strings.Builder
	if err := Tally(&out, []string{first, second}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| `a` | 1 of 2 | 1 of 2 | FAIL: too \\| late |\n", "| `b` | 1 of 1 | 1 of 1 |  |\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant a line %s", out.String(), want)
		}
	}
	if err := Tally(&out, []string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "expected the folder that `stormglass run` named") {
		t.Errorf("got %v, want word of what folder is expected", err)
	}
}
