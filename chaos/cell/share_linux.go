package cell

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// timerSlack is by how much the kernel may put off a timer of a cell's processes, in order to serve several with one
// wake-up. The usual 50 µs suit a machine with one busy program. The Go runtime watches over each program by a thread
// that asks to be woken every 20 µs while there is work, and a cell is many programs with a little work each: without
// this, half of all switches between threads were that.
const timerSlack = time.Millisecond

// setTimerSlack is the prctl(2) option PR_SET_TIMERSLACK.
const setTimerSlack = 29

// launch starts a command with the cell's timer slack, which a process inherits from the thread that starts it. The guard
// itself may keep it. Its priority is the usual one: beside other programs a cell must get its fair share of the processors, or
// the system that it runs would be blamed for what it did not get.
func launch(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, uintptr(timerSlack), 0); errno != 0 {
		return fmt.Errorf("set timer slack: %w", errno)
	}
	return cmd.Start()
}
