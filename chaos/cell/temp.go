package cell

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// TempDir makes a folder that goes when remove is called. Should this process be killed before that, the next cell that
// starts takes it away, as it does what a killed guard left.
func TempDir(prefix string) (dir string, remove func() error, err error) {
	run, err := runDir()
	if err != nil {
		return "", nil, err
	}
	unique := uniqueName()
	dir = filepath.Join(os.TempDir(), prefix+unique)
	record, err := newRecord(filepath.Join(run, unique+recordSuffix), dir)
	if err != nil {
		return "", nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, errors.Join(fmt.Errorf("make folder: %w", err), record.close())
	}
	return dir, record.close, nil
}

// uniqueName is one that no other cell or folder of this machine has; it begins with this process's number.
func uniqueName() string {
	return fmt.Sprintf("%d-%s", os.Getpid(), strconv.FormatInt(time.Now().UnixNano(), 36))
}
