package cell

import (
	"errors"
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

// yielding is the niceness of a cell that yields: a third of the usual share, next to programs that want all they can get.
const yielding = 5

// lower sets the niceness of all threads of a process's group, and of this process's session, where Linux shares processors out
// by session first (sched_autogroup). One that is nicer already stays as it is.
func lower(group, niceness int) error {
	_ = os.WriteFile("/proc/self/autogroup", []byte(strconv.Itoa(niceness)), 0) // not every Linux has it
	was, err := syscall.Getpriority(syscall.PRIO_PGRP, group)
	if errors.Is(err, syscall.ESRCH) {
		return nil // it has just ended
	}
	if err != nil {
		return err
	}
	if now := 20 - was; now >= niceness { // the system call gives 20 minus the niceness
		return nil
	}
	return syscall.Setpriority(syscall.PRIO_PGRP, group, niceness)
}

// launch starts a command with the cell's timer slack and a niceness, which a process inherits from the thread that starts it.
// That thread ends with the goroutine that is locked to it, so that the guard itself keeps its own.
func launch(cmd *exec.Cmd, niceness int) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		started <- launchHere(cmd, niceness)
	}()
	return <-started
}

func launchHere(cmd *exec.Cmd, niceness int) error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, uintptr(timerSlack), 0); errno != 0 {
		return fmt.Errorf("set timer slack: %w", errno)
	}
	was, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		return fmt.Errorf("get priority: %w", err)
	}
	if now := 20 - was; now < niceness {
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness); err != nil {
			return fmt.Errorf("set priority: %w", err)
		}
	}
	return cmd.Start()
}
