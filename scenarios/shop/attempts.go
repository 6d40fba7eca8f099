package shop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
	"stormglass/system/api/links"
)

// retriedEvent is what a span says of each further attempt of an operation on a link.
const retriedEvent = "link retried"

// tracesFile is where a run's spans are in its folder, one on each line.
const tracesFile = "traces.jsonl"

// longestSpan bounds a line of the traces, in bytes.
const longestSpan = 4 << 20

// attemptsConform looks at every further attempt that a trace tells of. It reads the file line by line and leaves out an
// unfinished last one, because it is asked while the run still writes it.
func attemptsConform(f *evidence.Folder) (verdict.Result, error) {
	file, err := os.Open(filepath.Join(f.Dir, tracesFile))
	if err != nil {
		return verdict.Result{}, fmt.Errorf("read traces: %w", err)
	}
	defer file.Close()
	var t tally
	seen := map[string]bool{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestSpan)
	for lines.Scan() {
		if !bytes.Contains(lines.Bytes(), []byte(retriedEvent)) {
			continue
		}
		var s observe.Span
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			continue // the line that is being written
		}
		for _, e := range s.Events {
			if e.Name == retriedEvent {
				seen[e.Attrs["link"]] = true
				if err := t.attempt(s, e); err != nil {
					return verdict.Result{}, err
				}
			}
		}
	}
	if err := lines.Err(); err != nil {
		return verdict.Result{}, fmt.Errorf("read traces: %w", err)
	}
	return t.result("%d further attempts on %d links", t.compared, len(seen)), nil
}

// attempt holds the number of one attempt against its link's policy.
func (t *tally) attempt(s observe.Span, e observe.Event) error {
	link := e.Attrs["link"]
	client, server, err := system.SplitLink(link)
	if err != nil {
		return fmt.Errorf("read retry in trace %s: %w", s.TraceID, err)
	}
	policy, err := links.Policy(client, server)
	if err != nil {
		return fmt.Errorf("read retry in trace %s: %w", s.TraceID, err)
	}
	n, err := strconv.Atoi(e.Attrs["attempt"])
	if err != nil {
		return fmt.Errorf("read retry in trace %s: %w", s.TraceID, err)
	}
	t.expect(n <= policy.Attempts, "trace %s: %s made attempt number %d on %s, whose policy allows %d", s.TraceID, s.Name, n, link, policy.Attempts)
	return nil
}
