package observe

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// LogMatch says which log lines are wanted. Empty fields match everything; the others must all match.
type LogMatch struct {
	Instance, CorrelationID, TraceID string
	// Text must occur somewhere in the line as it was written.
	Text string
}

// LogLine is one line that a process wrote. A line that is no JSON object, of a panic for example, is its own message
// and has the time of the line before it.
type LogLine struct {
	Instance      string    `json:"-"` // from the file's name
	Number        int       `json:"-"` // of the line in its file, from 1
	Time          time.Time `json:"time"`
	Level         string    `json:"level"`
	Message       string    `json:"message"`
	CorrelationID string    `json:"correlation_id"`
	TraceID       string    `json:"trace_id"`
	SpanID        string    `json:"span_id"`
	Raw           string    `json:"-"` // the line as it was written
}

// Logs reads DIR/logs/*.log and returns the matching lines of all processes by time.
func Logs(dir string, match LogMatch) ([]LogLine, error) {
	folder := filepath.Join(dir, "logs")
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("read logs: %w", err)
	}
	files, err := fs.Glob(os.DirFS(folder), "*.log")
	if err != nil {
		return nil, fmt.Errorf("list logs: %w", err)
	}
	var found []LogLine
	for _, file := range files {
		instance := strings.TrimSuffix(file, ".log")
		if match.Instance != "" && match.Instance != instance {
			continue
		}
		if found, err = match.search(filepath.Join(folder, file), instance, found); err != nil {
			return nil, fmt.Errorf("read logs: %w", err)
		}
	}
	slices.SortFunc(found, func(a, b LogLine) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Number, b.Number))
	})
	return found, nil
}

// search appends the matching lines of one file.
func (m LogMatch) search(path, instance string, found []LogLine) ([]LogLine, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var last time.Time
	lines := bufio.NewReader(file)
	for number := 1; ; number++ {
		raw, err := lines.ReadBytes('\n')
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			line := parseLine(raw, last)
			line.Instance, line.Number = instance, number
			last = line.Time
			if m.wants(line) {
				found = append(found, line)
			}
		}
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func parseLine(raw []byte, last time.Time) LogLine {
	line := LogLine{Time: last}
	if err := json.Unmarshal(raw, &line); err != nil {
		line = LogLine{Time: last, Message: string(raw)}
	}
	line.Raw = string(raw)
	return line
}

func (m LogMatch) wants(l LogLine) bool {
	return (m.CorrelationID == "" || m.CorrelationID == l.CorrelationID) &&
		(m.TraceID == "" || m.TraceID == l.TraceID) &&
		strings.Contains(l.Raw, m.Text)
}
