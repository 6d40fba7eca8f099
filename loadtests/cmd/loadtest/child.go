package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// guard is the shell script that owns a program: it ends the program as soon as its own standard input ends, however this
// process died. It ends with the program, and with its exit code.
//
//	sh -c guard guard PROGRAM ARGUMENTS…
const guard = `
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
{ read -r _; kill -TERM "$child"; } <&3 >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$child"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
`

// stopPatience is how long a program may take to end by itself: k6 has a teardown, the shop drains.
const stopPatience = 60 * time.Second

// child is a program in a process group of its own, so that Ctrl-C reaches us alone and things end in the right order.
type child struct {
	cmd   *exec.Cmd
	leash io.Closer // the program ends when it is closed
	ended chan struct{}
	err   error // of the program, once ended is closed
}

// launch starts a program.
func launch(argv, env []string, stdout, stderr io.Writer) (*child, error) {
	held, leash, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	defer held.Close()
	c := &child{cmd: exec.Command("sh", append([]string{"-c", guard, "guard"}, argv...)...), leash: leash, ended: make(chan struct{})}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = held, stdout, stderr
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.cmd.Start(); err != nil {
		leash.Close()
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	go func() {
		defer close(c.ended)
		c.err = c.cmd.Wait()
	}()
	return c, nil
}

// stop ends the program if it still runs, gently at first, and waits for it.
func (c *child) stop() {
	c.leash.Close()
	select {
	case <-c.ended:
	case <-time.After(stopPatience):
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // it may end just now
		<-c.ended
	}
}

// code is the exit code of a program that has ended.
func (c *child) code() int { return c.cmd.ProcessState.ExitCode() }
