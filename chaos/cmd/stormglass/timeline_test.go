package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/run/runtest"
	"stormglass/chaos/verdict"
)

func TestTimelineTellsOfOneObject(t *testing.T) {
	dir := t.TempDir()
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	f := evidence.Folder{Dir: dir, Run: evidence.Run{Phases: []evidence.Phase{{Name: evidence.Fault, Start: noon, End: noon.Add(time.Second)}}}}
	if err := errors.Join(f.Write(), os.WriteFile(filepath.Join(dir, evidence.HistoryFile), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	registry := runtest.Registry()
	ask := func(args ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = execute(t.Context(), append([]string{"timeline"}, args...), environment{registry: registry, stdin: strings.NewReader(""), stdout: &out, stderr: &errs})
		return code, out.String(), errs.String()
	}
	if code, _, stderr := ask(dir, "17"); code != 2 || !strings.Contains(stderr, "nobody has registered how") {
		t.Errorf("without a registered one: got code %d and %q", code, stderr)
	}
	registry.Timeline = func(f *evidence.Folder, about string) (verdict.Timeline, error) {
		if about == "18" {
			return verdict.Timeline{}, fmt.Errorf("tell: %w", verdict.ErrUnknownObject)
		}
		return verdict.NewTimeline(f, "sale "+about, []verdict.Moment{{At: noon.Add(1500 * time.Millisecond), Where: "desk", What: "sells it"}}), nil
	}
	want := "what happened to sale 17\n                  counted from the first fault, at 12:00:00.000\n       +1.500 s   desk                   sells it\n"
	if code, stdout, stderr := ask(dir, "17"); code != 0 || stdout != want {
		t.Errorf("got code %d\n%s%s\nwant\n%s", code, stdout, stderr, want)
	}
	if code, _, stderr := ask(dir, "18"); code != 2 || !strings.Contains(stderr, "stormglass timeline "+dir+" tells of one that is there") {
		t.Errorf("an unknown one: got code %d and %q", code, stderr)
	}
	if code, _, stderr := ask(dir+"x", "17"); code != 2 || !strings.Contains(stderr, "there is no folder") {
		t.Errorf("an unknown folder: got code %d and %q", code, stderr)
	}
}
