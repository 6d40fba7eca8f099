package cell

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestATemporaryFolderIsSweptOnceNobodyHoldsIt(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "a [b] * c")) // which is a pattern that does not match itself
	if err := os.Mkdir(os.TempDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	gone := func(path string) bool {
		_, err := os.Stat(path)
		return errors.Is(err, fs.ErrNotExist)
	}
	work, err := NewTemp("work-")
	if err != nil {
		t.Fatal(err)
	}
	run, err := runDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := sweep(run); err != nil || gone(work.Dir) {
		t.Fatalf("got %v, gone %v: a folder that is in use was swept", err, gone(work.Dir))
	}
	if err := work.Remove(); err != nil || !gone(work.Dir) {
		t.Errorf("remove: got %v, gone %v", err, gone(work.Dir))
	}
	// What a process that is killed leaves: the folder, and a record that nobody holds any more.
	left := filepath.Join(os.TempDir(), "work-left")
	record, err := newRecord(filepath.Join(run, "left"+recordSuffix), left)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(left, 0o700), record.file.Close(), sweep(run)); err != nil || !gone(left) {
		t.Errorf("sweep: got %v, gone %v", err, gone(left))
	}
	if records, err := filepath.Glob(filepath.Join(run, "*")); err != nil || len(records) > 0 {
		t.Errorf("left: %v, %v", records, err)
	}
}
