package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stormglass/chaos/run/runtest"
)

func TestARunInTwoTiersSetsTheirVerdictsSideBySide(t *testing.T) {
	y := newToy(t)
	args := y.line("run", "--tier", "embedded,paper", "--out", y.out, "--seed", "5", runtest.Write(t, "scenarios/calm.yaml"))
	code, stdout, stderr := y.execute(args...)
	if code != 0 {
		t.Fatalf("got code %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{"PASS          calm  (", "PASS          calm on paper  (", "2 of 2 scenarios", "calm      PASS      PASS   yes"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("got\n%s\nwant %q in it", stdout, want)
		}
	}
	page, err := os.ReadFile(filepath.Join(y.out, "latest", "report.html"))
	if err != nil || !strings.Contains(string(page), ">calm on paper<") || !strings.Contains(string(page), ">calm<") || !strings.Contains(string(page), "tier embedded, paper") {
		t.Errorf("the page does not show both tiers (%v)", err)
	}
	folder := filepath.Join(y.out, "latest", "paper", "calm")
	if code, stdout, stderr := y.execute("check", folder); code != 0 || !strings.Contains(stdout, "calm on paper") {
		t.Errorf("judged again: got code %d\n%s%s", code, stdout, stderr)
	}
}

func TestATierThatIsNotThereIsBadInput(t *testing.T) {
	y := newToy(t)
	for tiers, want := range map[string]string{
		"papre":       `"papre" is not a tier of toy; did you mean paper?`,
		"paper,paper": "paper is there twice",
		"gold":        "prepare tier gold: toy toy-lacks: exit status 1\nthere is no gold on this machine",
		"paper,gold":  "prepare tier gold: toy toy-lacks: exit status 1\nthere is no gold on this machine",
	} {
		code, _, stderr := y.execute(y.line("run", "--tier", tiers, runtest.Write(t, "scenarios/calm.yaml"))...)
		if code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: got code %d and %s, want 2 and %q", tiers, code, stderr, want)
		}
		if strings.Contains(tiers, ",") { // an up has one
			continue
		}
		if code, _, stderr := y.execute(y.line("up", "--tier", tiers)...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("up in %s: got code %d and %s, want 2 and %q", tiers, code, stderr, want)
		}
	}
}

const mutant = "name: rude\nremoves: The greeting.\nscenario: calm\nkiller: greets\nedits: [{file: main.go, was: a, is: b}]\n"

func TestMutantsAreForTheTiersThatTheyName(t *testing.T) {
	y := newToy(t)
	scenarios := filepath.Dir(runtest.Write(t, "scenarios/calm.yaml"))
	for name, c := range map[string]struct{ text, tier, want string }{
		"none for this tier":  {mutant, "paper", "is for tier paper; name some, or give them tiers: [paper]"},
		"a tier there is not": {mutant + "tiers: [papre]\n", "paper", `rude.yaml: "papre" is not a tier of toy; did you mean paper?`},
		"its tier":            {mutant + "tiers: [paper]\n", "paper", "edit main.go"}, // so it is tried; there is no such file
		"the usual tier":      {mutant, "embedded", "edit main.go"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "rude.yaml"), []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			code, _, stderr := y.execute(y.line("mutate", "--tier", c.tier, "--mutants", dir, "--scenarios", scenarios, "--out", t.TempDir())...)
			if code == 0 || !strings.Contains(stderr, c.want) {
				t.Errorf("got code %d and %s, want %q", code, stderr, c.want)
			}
		})
	}
}
