package cell

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc/<pid>/stat. Linux shows them in USER_HZ, which is 100 on every architecture
// that Go runs on.
const clockTick = 10 * time.Millisecond

// statFields reads /proc/<pid>/stat from its third field on (man 5 proc_pid_stat), behind the name in parentheses.
func statFields(pid int) ([]string, error) {
	return readStat(fmt.Sprintf("/proc/%d/stat", pid))
}

func readStat(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read process: %w", err)
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 20 {
		return nil, fmt.Errorf("read process: %s has only %d fields", path, len(fields))
	}
	return fields, nil
}

// halted says whether every thread of a process stands still because of SIGSTOP.
func halted(pid int) (bool, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false, fmt.Errorf("read process: %d has ended", pid)
	}
	for _, path := range threads {
		if fields, err := readStat(path); err == nil && fields[0] != "T" { // a thread that cannot be read has just ended
			return false, nil
		}
	}
	return true, nil
}

// startMark tells two processes of the same number apart: ticks from the boot of the machine to the process's start.
// A zombie has ended and has none; but one with threads left still holds its files, ports and locks.
func startMark(pid int) (string, error) {
	fields, err := statFields(pid)
	if err != nil {
		return "", err
	}
	state, threads := fields[0], fields[17]
	if state == "X" || state == "Z" && (threads == "0" || threads == "1") {
		return "", fmt.Errorf("read process: %d has ended", pid)
	}
	return fields[19], nil
}

// cpuTime is the processor time, user and system, that a process has used.
func cpuTime(pid int) (time.Duration, error) {
	fields, err := statFields(pid)
	if err != nil {
		return 0, err
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("read process: /proc/%d/stat has times %s and %s", pid, fields[11], fields[12])
	}
	return time.Duration(user+system) * clockTick, nil
}

// memory is a process's proportional set size in bytes: what it shares with others is divided among them.
func memory(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "Pss:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read memory: %w", err)
			}
			return kb << 10, nil
		}
	}
	return 0, fmt.Errorf("read memory: no Pss in /proc/%d/smaps_rollup", pid)
}

// processes lists all processes of the machine that still run.
func processes() ([]kin, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var table []kin
	for _, path := range files {
		fields, err := readStat(path)
		if err != nil {
			continue // it has just ended
		}
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, err2 := strconv.Atoi(fields[1])
		group, err3 := strconv.Atoi(fields[2])
		if err1 == nil && err2 == nil && err3 == nil {
			table = append(table, kin{pid, parent, group})
		}
	}
	return table, nil
}
