package cell

import (
	"fmt"
	"os"
	"os/exec"
)

// gate is a shell's script that becomes the program in its arguments once a line has come in by descriptor 3, and ends when
// that closes without one.
const gate = `read -r _ <&3 || exit 125; exec 3<&-; exec "$@"`

// gated makes a command that waits for a line before it becomes the program. So the guard can write a process down before
// the program runs: were it killed between the two, nobody would ever know what it had started.
type gated struct {
	*exec.Cmd
	wait, admit *os.File // the two ends of the pipe
}

func newGated(argv []string) (*gated, error) {
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, err
	}
	wait, admit, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", gate, "sh", program}, argv[1:]...)...)
	cmd.ExtraFiles = []*os.File{wait}
	return &gated{cmd, wait, admit}, nil
}

// open lets the program run. One that has been killed meanwhile does not hear of it, and its end is reported anyway.
func (g *gated) open() { _, _ = g.admit.WriteString("go\n") }

// close gives the pipe back. A command that was not let through ends.
func (g *gated) close() {
	_ = g.wait.Close()
	_ = g.admit.Close()
}
