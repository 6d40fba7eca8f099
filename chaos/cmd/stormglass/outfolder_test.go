package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stormglass/chaos/run/runtest"
)

func TestTheLastRunsAreKeptAndNothingElseIsRemoved(t *testing.T) {
	parent := t.TempDir()
	for _, name := range []string{
		"2026-03-01T10-00-00", "2026-03-01T10-00-00-2", "2026-03-01T10-00-00-10", "2026-03-02T09-00-00", "2025-12-31T23-59-59", "notes", "2026-03-01", "again",
	} {
		if err := os.Mkdir(filepath.Join(parent, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := prune(parent, 3); err != nil {
		t.Fatal(err)
	}
	want := []string{"2026-03-01", "2026-03-01T10-00-00-10", "2026-03-01T10-00-00-2", "2026-03-02T09-00-00", "again", "notes"}
	if got := names(t, parent); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := prune(parent, 0); err != nil || !slices.Equal(names(t, parent), want) {
		t.Errorf("0 keeps all: got %v, %v", names(t, parent), err)
	}
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWhatDoesNotRunInTimeIsNamedAndNotCalledDone(t *testing.T) {
	y := newToy(t)
	code, stdout, stderr := y.execute(y.line("run", "--out", y.out, "--within", "1ns", runtest.Write(t, "scenarios/calm.yaml"), runtest.Write(t, "scenarios/idle-link.yaml"))...)
	if code != 3 || !strings.Contains(stdout, "2 did not run: calm, idle-link") || !strings.Contains(stdout, "0 of 0 scenarios") {
		t.Errorf("got code %d\n%s%s\nwant 3, and the names of both", code, stdout, stderr)
	}
	for flag, want := range map[string]string{"--within=-1s": "--within", "--keep-runs=-1": "--keep-runs", "--tries=0": "--tries", "--within=soon": "within"} {
		if code, _, stderr := y.execute(y.line("run", flag, runtest.Write(t, "scenarios/calm.yaml"))...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: got code %d and %q, want 2 and a word about %s", flag, code, stderr, want)
		}
	}
}
