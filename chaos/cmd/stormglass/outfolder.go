package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// stamp is how a run's folder is named: by the time at which it began.
const stamp = "2006-01-02T15-04-05"

// stamped are the names that freshFolder gives, and nobody else's.
var stamped = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?$`)

// freshFolder makes a folder named by the time, which no other run has.
func freshFolder(parent string) (string, error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("make output folder: %w", err)
	}
	base := filepath.Join(parent, time.Now().Format(stamp))
	for n := 1; ; n++ {
		dir := base
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", base, n)
		}
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			return dir, nil
		}
		if !os.IsExist(err) {
			return "", fmt.Errorf("make output folder: %w", err)
		}
	}
}

// prune removes the oldest runs' folders below parent, so that no more than keep of them stay; 0 keeps all. Whatever else lies
// there stays.
func prune(parent string, keep int) error {
	if keep == 0 {
		return nil
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return fmt.Errorf("remove old runs: %w", err)
	}
	var runs []string
	for _, e := range entries {
		if e.IsDir() && stamped.MatchString(e.Name()) {
			runs = append(runs, e.Name())
		}
	}
	slices.SortFunc(runs, func(a, b string) int { return compareRuns(b, a) })
	for _, old := range runs[min(keep, len(runs)):] {
		if err := os.RemoveAll(filepath.Join(parent, old)); err != nil {
			return fmt.Errorf("remove old run: %w", err)
		}
	}
	return nil
}

// compareRuns orders the names of runs by time; of two that began in the same second, the one with the longer name, or the
// higher number, is the later one.
func compareRuns(a, b string) int {
	if c := cmp.Compare(a[:len(stamp)], b[:len(stamp)]); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
