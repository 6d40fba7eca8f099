package mutate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stormglass/chaos/mutate"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

// write makes files in a folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const polite = `name: rude
removes: The greeting.
scenario: calm
killer: greets
edits:
  - file: main.go
    was: |
      	println("hello")
    is: |
      	println("go away")
`

func load(t *testing.T) mutate.Mutant {
	t.Helper()
	all, err := mutate.Load(write(t, map[string]string{"rude.yaml": polite}))
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestAMutantIsBuiltWithItsEditsAndTheSourceStaysAsItIs(t *testing.T) {
	const source = "package main\n\nfunc main() {\n\tprintln(\"hello\")\n}\n"
	root := write(t, map[string]string{"go.mod": "module polite\n\ngo 1.26\n", "main.go": source})
	bin := write(t, map[string]string{"other": "another program"})
	out, err := load(t).Build(t.Context(), root, t.TempDir(), bin, []string{"polite", "other"}, []string{"."})
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(filepath.Join(out, "polite")).CombinedOutput()
	if err != nil || string(said) != "go away\n" {
		t.Errorf("the mutant says %q, %v", said, err)
	}
	if text, err := os.ReadFile(filepath.Join(out, "other")); err != nil || string(text) != "another program" {
		t.Errorf("the other program: got %q, %v", text, err)
	}
	if text, err := os.ReadFile(filepath.Join(root, "main.go")); err != nil || string(text) != source {
		t.Errorf("the source is now %q, %v", text, err)
	}
}

func TestAnEditThatFitsNoLongerIsRefused(t *testing.T) {
	for name, source := range map[string]string{
		"gone":  "package main\n",
		"twice": "package main\n\nfunc a() {\n\tprintln(\"hello\")\n\tprintln(\"hello\")\n}\n",
	} {
		root := write(t, map[string]string{"main.go": source})
		if _, err := load(t).Apply(root, t.TempDir()); err == nil || !strings.Contains(err.Error(), "expected exactly once") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestAMutantFileThatIsWrongIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":   {polite + "killed: yes\n", "unknown field"},
		"no killer":     {strings.Replace(polite, "killer: greets\n", "", 1), "killer is missing"},
		"no edits":      {polite[:strings.Index(polite, "edits:")], "edits are missing"},
		"another name":  {strings.Replace(polite, "name: rude", "name: kind", 1), "give both one name"},
		"not YAML":      {"- [", "rude.yaml"},
		"empty":         {"", "the file is empty"},
		"second":        {polite + "---\n" + polite, "a second document begins here"},
		"not a mapping": {"just text", "rude.yaml"},
	} {
		_, err := mutate.Load(write(t, map[string]string{"rude.yaml": c.text}))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "rude.yaml") {
			t.Errorf("%s: got error %v, want %q and the file's name", name, err, c.want)
		}
	}
	if _, err := mutate.Load(t.TempDir()); err == nil {
		t.Error("an empty folder gives no error")
	}
}

func TestOnlyTheNamedCheckKills(t *testing.T) {
	broken := verdict.Finding{Asked: "greets within 1s", State: verdict.Broken}
	other := verdict.Finding{Asked: "stays calm", State: verdict.Broken}
	holds := verdict.Finding{Asked: "greets within 1s", State: verdict.Holds}
	for name, c := range map[string]struct {
		v    verdict.Verdict
		want mutate.Fate
	}{
		"the named claim broke":     {verdict.Verdict{Verdict: scenario.Fail, Claims: []verdict.Finding{broken, other}}, mutate.Killed},
		"the named invariant broke": {verdict.Verdict{Verdict: scenario.Fail, Invariants: []verdict.Finding{broken}}, mutate.Killed},
		"another check broke":       {verdict.Verdict{Verdict: scenario.Fail, Claims: []verdict.Finding{holds, other}}, mutate.Mistaken},
		"nothing broke":             {verdict.Verdict{Verdict: scenario.Pass, Claims: []verdict.Finding{holds}}, mutate.Survived},
		"nothing was proven":        {verdict.Verdict{Verdict: scenario.Inconclusive}, mutate.Survived},
		"the run was not steady":    {verdict.Verdict{Verdict: scenario.Invalid, Reasons: []string{"not steady"}, Claims: []verdict.Finding{other}}, mutate.Unjudged},
	} {
		if got := load(t).Judge(c.v); got.Fate != c.want {
			t.Errorf("%s: got %s, want %s", name, got.Fate, c.want)
		}
	}
}
