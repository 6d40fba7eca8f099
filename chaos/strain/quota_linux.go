package strain

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// quota is the cgroup above this process that leaves it the fewest processors.
type quota struct {
	cores float64
	path  string        // of its statistics
	key   string        // of the time that it withheld, there
	unit  time.Duration // of that time
	file  *os.File      // nil where it cannot be read
}

// findQuota looks at every cgroup from this process's own up to the root; it is nil where none has a quota.
func findQuota() *quota {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil
	}
	var least *quota
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // number:controllers:path, man 7 cgroups
		if len(parts) == 3 {
			least = tighter(least, above(parts[1], parts[2]))
		}
	}
	if least != nil {
		least.file, _ = os.Open(least.path)
	}
	return least
}

// above finds the tightest quota from one cgroup up to its root. A cgroup without controllers is one of version 2.
func above(controllers, path string) (least *quota) {
	roots, read := []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}, version2
	if controllers != "" {
		if !strings.Contains(","+controllers+",", ",cpu,") {
			return nil
		}
		roots, read = []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}, version1
	}
	for _, root := range roots {
		for at := filepath.Clean("/" + path); ; at = filepath.Dir(at) {
			least = tighter(least, read(filepath.Join(root, at)))
			if at == "/" {
				break
			}
		}
	}
	return least
}

func tighter(a, b *quota) *quota {
	if a == nil || b != nil && b.cores < a.cores {
		return b
	}
	return a
}

// version1 reads cpu.cfs_quota_us and cpu.cfs_period_us; -1 is no quota.
func version1(folder string) *quota {
	limit, period := number(folder, "cpu.cfs_quota_us"), number(folder, "cpu.cfs_period_us")
	if limit <= 0 || period <= 0 {
		return nil
	}
	return &quota{cores: limit / period, path: filepath.Join(folder, "cpu.stat"), key: "throttled_time", unit: time.Nanosecond}
}

// version2 reads cpu.max, "limit period"; max is no quota.
func version2(folder string) *quota {
	text, err := os.ReadFile(filepath.Join(folder, "cpu.max"))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) != 2 {
		return nil
	}
	limit, err1 := strconv.ParseFloat(fields[0], 64)
	period, err2 := strconv.ParseFloat(fields[1], 64)
	if err1 != nil || err2 != nil || period <= 0 {
		return nil
	}
	return &quota{cores: limit / period, path: filepath.Join(folder, "cpu.stat"), key: "throttled_usec", unit: time.Microsecond}
}

// number reads a file that holds one; what cannot be read is 0.
func number(folder, name string) float64 {
	text, _ := os.ReadFile(filepath.Join(folder, name))
	value, _ := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return value
}

// processors is how many it leaves, 0 for no quota.
func (q *quota) processors() float64 {
	if q == nil {
		return 0
	}
	return q.cores
}

// withheld is for how long it kept processors from those who wanted them, so far.
func (q *quota) withheld(buffer []byte) time.Duration {
	if q == nil || q.file == nil {
		return 0
	}
	n, _ := q.file.ReadAt(buffer, 0)
	for line := range bytes.Lines(buffer[:max(0, n)]) {
		if value, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(q.key+" ")); ok {
			n, _ := strconv.ParseInt(string(value), 10, 64)
			return time.Duration(n) * q.unit
		}
	}
	return 0
}

func (q *quota) close() {
	if q != nil && q.file != nil {
		_ = q.file.Close()
	}
}
