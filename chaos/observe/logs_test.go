package observe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeLogs makes DIR/logs with the lines of two processes.
func writeLogs(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "a [b] * c") // which is a pattern that does not match itself
	files := map[string]string{
		"order-1.log": `{"level":"info","time":"2026-01-02T10:00:00.100Z","correlation_id":"c1","trace_id":"t1","span_id":"s1","message":"order accepted"}
{"level":"error","time":"2026-01-02T10:00:00.300Z","correlation_id":"c2","message":"order failed"}
panic: out of luck

goroutine 1 [running]:`,
		"payment-1.log": `{"level":"info","time":"2026-01-02T10:00:00.2Z","correlation_id":"c1","trace_id":"t1","message":"card charged"}
`,
		"notes.txt": "order accepted",
	}
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, "logs", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLogsAreFoundByWhatTheyCarry(t *testing.T) {
	dir := writeLogs(t)
	const stack = "panic: out of luck; goroutine 1 [running]:"
	for _, c := range []struct {
		name  string
		match LogMatch
		want  string
	}{
		{"everything by time", LogMatch{}, "order accepted; card charged; order failed; " + stack},
		{"one correlation across processes", LogMatch{CorrelationID: "c1"}, "order accepted; card charged"},
		{"one trace", LogMatch{TraceID: "t1"}, "order accepted; card charged"},
		{"one process", LogMatch{Instance: "payment-1"}, "card charged"},
		{"a text", LogMatch{Text: "luck"}, "panic: out of luck"},
		{"all of several", LogMatch{Instance: "order-1", TraceID: "t1", Text: "accepted"}, "order accepted"},
		{"part of a name is not the name", LogMatch{Instance: "order"}, ""},
		{"nothing", LogMatch{CorrelationID: "c3"}, ""},
	} {
		lines, err := Logs(dir, c.match)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range lines {
			got = append(got, l.Message)
		}
		if joined := strings.Join(got, "; "); joined != c.want {
			t.Errorf("%s: got %q, want %q", c.name, joined, c.want)
		}
	}
}

func TestALogLineTellsWhereItStands(t *testing.T) {
	lines, err := Logs(writeLogs(t), LogMatch{Text: "goroutine"})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1 {
		t.Fatalf("got %d lines, want 1", len(lines))
	}
	l := lines[0]
	if l.Instance != "order-1" || l.Number != 5 || l.Raw != "goroutine 1 [running]:" || l.Time.IsZero() {
		t.Errorf("got %+v, want line 5 of order-1 with the time of the line before", l)
	}
}

func TestAFolderWithoutLogsIsAnError(t *testing.T) {
	if lines, err := Logs(t.TempDir(), LogMatch{}); err == nil {
		t.Errorf("got %v, want an error", lines)
	}
}
