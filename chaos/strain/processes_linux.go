package strain

import (
	"bytes"
	"os"
	"slices"
	"strconv"
)

// processes knows the parent of each process of the machine, as it was when the process was first seen.
type processes struct {
	parents  map[int]int
	children map[int][]int
}

func newProcesses() *processes { return &processes{map[int]int{}, map[int][]int{}} }

// scan looks for processes that are new and gives those that have ended since the last scan.
func (p *processes) scan() (ended []int) {
	names, err := readNames("/proc")
	if err != nil {
		return nil
	}
	alive := make(map[int]bool, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		alive[pid] = true
		if _, known := p.parents[pid]; known {
			continue
		}
		if parent, err := parentOf(pid); err == nil {
			p.parents[pid] = parent
			p.children[parent] = append(p.children[parent], pid)
		}
	}
	for pid, parent := range p.parents {
		if alive[pid] {
			continue
		}
		ended = append(ended, pid)
		delete(p.parents, pid)
		p.children[parent] = slices.DeleteFunc(p.children[parent], func(child int) bool { return child == pid })
		if len(p.children[parent]) == 0 {
			delete(p.children, parent)
		}
	}
	return ended
}

// below lists a process and all its descendants.
func (p *processes) below(root int) []int {
	tree := []int{root}
	for i := 0; i < len(tree); i++ {
		for _, child := range p.children[tree[i]] {
			if !slices.Contains(tree, child) {
				tree = append(tree, child)
			}
		}
	}
	return tree
}

// parentOf reads the fourth field of /proc/PID/stat, the second one behind the name in parentheses.
func parentOf(pid int) (int, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0, os.ErrInvalid
	}
	return strconv.Atoi(string(fields[1]))
}
