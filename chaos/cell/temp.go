package cell

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// A Temp is a folder that goes when it is removed. Should this process be killed before that, the next cell that starts takes
// it away, as it does what a killed guard left; or, once a cell has it as its Temporary, that cell's guard does at once.
type Temp struct {
	Dir    string
	record *record // nil once a guard answers for the folder
}

// NewTemp makes a folder below the one for temporary files.
func NewTemp(prefix string) (*Temp, error) {
	run, err := runDir()
	if err != nil {
		return nil, err
	}
	unique := uniqueName()
	t := &Temp{Dir: filepath.Join(os.TempDir(), prefix+unique)}
	if t.record, err = newRecord(filepath.Join(run, unique+recordSuffix), t.Dir); err != nil {
		return nil, err
	}
	if err := os.Mkdir(t.Dir, 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("make folder: %w", err), t.record.close())
	}
	return t, nil
}

// Remove takes the folder away.
func (t *Temp) Remove() error {
	if t.record == nil {
		return os.RemoveAll(t.Dir)
	}
	return t.record.close()
}

// handOver leaves the folder to a guard that has written it down.
func (t *Temp) handOver() error {
	t.record.data = ""
	err := t.record.close()
	t.record = nil
	return err
}

// uniqueName is one that no other cell or folder of this machine has; it begins with this process's number.
func uniqueName() string {
	return fmt.Sprintf("%d-%s", os.Getpid(), strconv.FormatInt(time.Now().UnixNano(), 36))
}
