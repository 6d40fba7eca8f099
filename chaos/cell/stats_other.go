//go:build !linux

package cell

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// ps asks for one column of one process, where there is no /proc.
func ps(pid int, column string) (string, error) {
	out, err := exec.Command("ps", "-o", column+"=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", fmt.Errorf("read process %d: %w", pid, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// startMark tells two processes of the same number apart: the second in which the process started. A zombie has none.
func startMark(pid int) (string, error) {
	state, err := ps(pid, "state")
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(state, "Z") {
		return "", fmt.Errorf("read process: %d has ended", pid)
	}
	return ps(pid, "lstart")
}

// halted says whether a process stands still because of SIGSTOP.
func halted(pid int) (bool, error) {
	state, err := ps(pid, "state")
	return strings.HasPrefix(state, "T"), err
}

// cpuTime is the processor time that a process has used; ps gives it as [[h:]m:]s with fractions.
func cpuTime(pid int) (time.Duration, error) {
	text, err := ps(pid, "time")
	if err != nil {
		return 0, err
	}
	var seconds float64
	for part := range strings.SplitSeq(text, ":") {
		value, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return 0, fmt.Errorf("read process %d: time %q: %w", pid, text, err)
		}
		seconds = seconds*60 + value
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// memory is a process's resident set in bytes: shares are not told apart here, so sums come out too high.
func memory(pid int) (int64, error) {
	text, err := ps(pid, "rss")
	if err != nil {
		return 0, err
	}
	kb, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read process %d: rss %q: %w", pid, text, err)
	}
	return kb << 10, nil
}

// processes lists all processes of the machine.
func processes() ([]kin, error) {
	out, err := exec.Command("ps", "-axo", "pid=,ppid=,pgid=").Output()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var table []kin
	for line := range strings.Lines(string(out)) {
		var k kin
		if _, err := fmt.Sscan(line, &k.pid, &k.parent, &k.group); err == nil {
			table = append(table, k)
		}
	}
	return table, nil
}
