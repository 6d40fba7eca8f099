package cell

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
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

// niceness is that of a cell's processes. The harness is one program beside dozens, and whoever asks it for something, a
// proxy or the next visitor, must not wait for all of them: it has three times the share of a cell.
const niceness = 5

// giveWay sets niceness for this process's session, where Linux shares processors out by session first. Where it does
// not, what launch sets is enough.
func giveWay() { _ = os.WriteFile("/proc/self/autogroup", []byte(strconv.Itoa(niceness)), 0) }

// launch starts a command with the cell's niceness and timer slack, which a process inherits from the thread that starts
// it. The guard itself may keep them.
func launch(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, uintptr(timerSlack), 0); errno != 0 {
		return fmt.Errorf("set timer slack: %w", errno)
	}
	was, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		return fmt.Errorf("get priority: %w", err)
	}
	if now := 20 - was; now < niceness { // the system call gives 20 minus it; one that is nicer already could not go back
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness); err != nil {
			return fmt.Errorf("set priority: %w", err)
		}
	}
	return cmd.Start()
}
