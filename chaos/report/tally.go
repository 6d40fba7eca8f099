package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stormglass/chaos/verdict"
)

// count is how often one scenario ran, over several runs.
type count struct {
	name                 string
	runs, expected, safe int
	otherwise            []string // the verdicts that its file does not expect, each with its first reason
}

// Tally reads the summaries of runs and writes a table in Markdown: how often each scenario gave the verdict that its file
// expects, how often no invariant was broken, and what happened in the runs where it did not.
func Tally(w io.Writer, runs []string) error {
	var counts []*count
	for _, run := range runs {
		s, err := readSummary(run)
		if err != nil {
			return err
		}
		for _, e := range s.Scenarios {
			i := slices.IndexFunc(counts, func(c *count) bool { return c.name == e.Title() })
			if i < 0 {
				counts, i = append(counts, &count{name: e.Title()}), len(counts)
			}
			counts[i].add(e)
		}
	}
	slices.SortFunc(counts, func(a, b *count) int { return strings.Compare(a.name, b.name) })
	fmt.Fprintln(w, "| scenario | gave its verdict | no invariant broken | otherwise |\n|---|--:|--:|---|")
	for _, c := range counts {
		fmt.Fprintf(w, "| `%s` | %d of %d | %d of %d | %s |\n", c.name, c.expected, c.runs, c.safe, c.runs, strings.Join(c.otherwise, "; "))
	}
	return nil
}

func (c *count) add(e entry) {
	c.runs++
	if !slices.ContainsFunc(e.Invariants, func(f verdict.Finding) bool { return f.State == verdict.Broken }) {
		c.safe++
	}
	if e.AsExpected {
		c.expected++
		return
	}
	text := string(e.Verdict.Verdict)
	if len(e.Reasons) > 0 {
		text += ": " + strings.ReplaceAll(e.Reasons[0], "|", `\|`)
	}
	c.otherwise = append(c.otherwise, text)
}

// readSummary reads summary.json of a run's folder.
func readSummary(run string) (s summary, err error) {
	err = readJSON(filepath.Join(run, "summary.json"), &s)
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("read summary of a run: %w: expected the folder that `stormglass run` named in its last line", err)
	}
	if err != nil {
		return s, fmt.Errorf("read summary of a run: %w", err)
	}
	return s, nil
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode %s: %w", path, err)
	}
	return nil
}
