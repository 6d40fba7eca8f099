package cell

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A record is a guard's list of what it started, kept in a file that the guard holds locked while it lives. The kernel
// drops the lock with the guard, so whoever can take it knows that the guard is gone, and may sweep.
type record struct {
	file *os.File
	data string
}

// entry is one line of a record: the data folder (first line), or a process.
type entry struct {
	Data    string `json:"data,omitempty"`
	Name    string `json:"name,omitempty"`
	Pid     int    `json:"pid,omitempty"`
	Started string `json:"started,omitempty"` // as startMark gives it: tells the process from a later one of the same number
}

// newRecord makes a record. The file gets its final name only once it is locked, so that no sweep takes it for a dead one.
func newRecord(path, data string) (*record, error) {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make record: %w", err)
	}
	r := &record{file: f, data: data}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = r.write(entry{Data: data})
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("make record: %w", err)
	}
	return r, nil
}

func (r *record) write(e entry) error {
	line, err := json.Marshal(e)
	if err == nil {
		_, err = r.file.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}

// add notes a process that has just started. One that has ended already leaves nothing to sweep.
func (r *record) add(name string, pid int) error {
	started, err := startMark(pid)
	if err != nil {
		return nil
	}
	return r.write(entry{Name: name, Pid: pid, Started: started})
}

// close removes the data folder that goes with the record, and then the record: should this be cut short, there is still
// somebody who knows of the folder.
func (r *record) close() error {
	var err error
	if r.data != "" {
		err = os.RemoveAll(r.data)
	}
	return errors.Join(err, os.Remove(strings.TrimSuffix(r.file.Name(), ".new")), r.file.Close())
}

// sweep cleans up behind every guard of this user that is gone and could not do it itself.
func sweep(dir string) error {
	names, err := fs.Glob(os.DirFS(dir), "*"+recordSuffix)
	for _, name := range names {
		err = errors.Join(err, sweepRecord(filepath.Join(dir, name)))
	}
	return err
}

const recordSuffix = ".cell"

// sweepRecord kills what a record names, unless its guard lives. A process whose start does not match is somebody else's.
func sweepRecord(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep record: %w", err)
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil // its guard lives
	}
	r := &record{file: f}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			break // a last line that was cut off
		}
		if e.Data != "" {
			r.data = e.Data
		}
		if started, err := startMark(e.Pid); e.Pid > 0 && err == nil && started == e.Started {
			_ = strike(e.Pid, syscall.SIGKILL)
			awaitEnd(e.Pid, e.Started)
		}
	}
	return r.close()
}

// awaitEnd waits until a killed process is gone, so that its ports and files are free. It belongs to nobody here, so it
// can only be looked at.
func awaitEnd(pid int, started string) {
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if now, err := startMark(pid); err != nil || now != started {
			return
		}
	}
}

// runDir is where the guards of this user's cells keep their records. Pids are killed by what stands there, so it must be
// the user's own.
func runDir() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("stormglass-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make run folder: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("make run folder: %w", err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || !ok || int(owner.Uid) != os.Getuid() {
		return "", fmt.Errorf("make run folder: %s belongs to somebody else; remove it, or set TMPDIR to another folder", dir)
	}
	return dir, nil
}
