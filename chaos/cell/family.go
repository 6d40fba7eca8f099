package cell

import (
	"slices"
	"syscall"
)

// kin is a process with its parent and its group.
type kin struct{ pid, parent, group int }

// strike sends a signal to a process's group, and to those of its descendants that have left the group: a database server
// gives each of its workers one of their own. They are found before the signal, for a process that is killed has no
// descendants.
func strike(pid int, s syscall.Signal) error {
	strays := straysOf(pid)
	err := syscall.Kill(-pid, s)
	for _, stray := range strays {
		_ = syscall.Kill(stray, s) // it may have gone with the group
	}
	return err
}

// straysOf lists a process's descendants that are not in its group. Where the table of processes cannot be read there are none.
func straysOf(pid int) (strays []int) {
	table, _ := processes()
	family := []int{pid}
	for i := 0; i < len(family); i++ {
		for _, k := range table {
			if k.parent != family[i] || slices.Contains(family, k.pid) {
				continue
			}
			family = append(family, k.pid)
			if k.group != pid {
				strays = append(strays, k.pid)
			}
		}
	}
	return strays
}
