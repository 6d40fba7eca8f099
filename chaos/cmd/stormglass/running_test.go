package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"stormglass/internal/await"
)

func TestARunningUpAnswersQuestions(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // ups elsewhere are not this test's
	y := newToy(t)
	if code, _, stderr := y.execute("query", "up"); code != 2 || !strings.Contains(stderr, "start one by stormglass up") {
		t.Errorf("nothing is up: got code %d and %q", code, stderr)
	}
	first := y.start(y.line("up")...)
	first.await("Ctrl-C stops it.")
	await.NoError(t, func() error {
		if code, stdout, stderr := y.execute("query", "up"); code != 0 || !strings.Contains(stdout, `instance="desk-1"`) || !strings.HasPrefix(stdout, "1 ") {
			return fmt.Errorf("no scrape: %s%s", stdout, stderr)
		}
		return nil
	})
	if code, stdout, stderr := y.execute("trace"); code != 0 || !strings.Contains(stdout, "traces; the slowest:") {
		t.Errorf("trace: got code %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := y.execute("logs", "--text", "no such text"); code != 0 || !strings.Contains(stderr, "no line matches") {
		t.Errorf("logs: got code %d and %q", code, stderr)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"wrong PromQL":      {[]string{"query", "sum("}, "parse error"},
		"not yet":           {[]string{"query", "up", "--at", "1h"}, "has not come yet"},
		"no such trace":     {[]string{"trace", strings.Repeat("be", 16)}, "the running up holds no trace"},
		"a query in pieces": {[]string{"query", "a", "+", "b"}, "put the query in quotes"},
	} {
		if code, _, stderr := y.execute(c.args...); code != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: got code %d and %q, want 2 and %q", name, code, stderr, c.want)
		}
	}

	second := y.start(y.line("up")...)
	second.await("Ctrl-C stops it.")
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), upPrefix+"*"))
	if err != nil || len(folders) != 2 {
		t.Fatalf("got folders %v, %v, want two", folders, err)
	}
	code, _, stderr := y.execute("query", "up")
	if code != 2 || !strings.Contains(stderr, "there are 2") || !strings.Contains(stderr, folders[0]) || !strings.Contains(stderr, folders[1]) {
		t.Errorf("two are up: got code %d and %q, want both named", code, stderr)
	}
	if code, _, stderr := y.execute("query", folders[1], "up"); code != 0 {
		t.Errorf("one of two: got code %d and %q", code, stderr)
	}
	for _, p := range []*process{first, second} {
		p.signal(syscall.SIGINT)
		if got, want := p.exitCode(), 130; got != want {
			t.Errorf("exit code: got %d, want %d\n%s", got, want, p.said.String())
		}
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "*", "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAnUpThatIsNotObservedIsNotAsked(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	y := newToy(t)
	p := y.start(y.line("up", "--no-observe")...)
	p.await("Ctrl-C stops it.")
	if code, _, stderr := y.execute("query", "up"); code != 2 || !strings.Contains(stderr, "there is none that is observed") {
		t.Errorf("got code %d and %q", code, stderr)
	}
	p.signal(syscall.SIGINT)
	p.exitCode()
}
