// Package nottested tells whoever started a run of tests what it left out: a line for each thing, in the file that the
// environment's NOT_TESTED names. Without such a file only the skip itself says so.
package nottested

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// told are the lines that this process has written.
var told sync.Map

// Note writes a line, once for each process.
func Note(line string) error {
	path := os.Getenv("NOT_TESTED")
	if path == "" {
		return nil
	}
	if _, before := told.LoadOrStore(path+"\n"+line, true); before {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("note what is not tested: %w", err)
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}

// Skip ends a test that lacks what it needs, and notes that. Where the environment's variable of the given name is 1 it must
// not lack it, and fails.
func Skip(t testing.TB, required, line string) {
	t.Helper()
	if required != "" && os.Getenv(required) == "1" {
		t.Fatal(line)
	}
	if err := Note(line); err != nil {
		t.Fatal(err)
	}
	t.Skip(line)
}
