package cell

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// recorded makes a record of a running process in the name of a guard that is gone, with the given mark of its start.
func recorded(t *testing.T, mark func(string) string) (cmd *exec.Cmd, path, data string) {
	t.Helper()
	cmd = exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	started, err := startMark(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	path, data = filepath.Join(t.TempDir(), "x"+recordSuffix), t.TempDir()
	r, err := newRecord(path, data)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.write(entry{Name: "a-1", Pid: cmd.Process.Pid, Started: mark(started)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.file.Close() })
	if mark(started) != started {
		if err := r.file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return cmd, path, data
}

func TestASweepSparesAProcessThatOnlyHasTheSameNumber(t *testing.T) {
	cmd, path, data := recorded(t, func(mark string) string { return mark + "0" })
	if err := sweep(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if _, err := startMark(cmd.Process.Pid); err != nil {
		t.Error("it was killed")
	}
	for _, gone := range []string{path, data} {
		if _, err := os.Stat(gone); !os.IsNotExist(err) {
			t.Errorf("%s is still there", gone)
		}
	}
}

func TestASweepSparesTheCellOfALivingGuard(t *testing.T) {
	cmd, path, data := recorded(t, func(mark string) string { return mark })
	if err := sweep(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if _, err := startMark(cmd.Process.Pid); err != nil {
		t.Error("it was killed")
	}
	for _, kept := range []string{path, data} {
		if _, err := os.Stat(kept); err != nil {
			t.Error(err)
		}
	}
}
