// Package servers knows how PostgreSQL, RabbitMQ and Redis run from this machine's own programs: in a folder of their own, on
// loopback ports that somebody chose, and with nothing left in the system when they end. Tests start them this way, and so do
// the stand-ins of a tier that has real backends.
package servers

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Program is a server's program on this machine.
type Program struct {
	// Name is what people call the server.
	Name string
	// Ports is how many ports of the loopback it needs; the first is the one that clients use.
	Ports int
	// Data is the part of its folder that holds what it must not forget.
	Data string
	// Claim is the file in its folder that keeps a second server out; "" where it has none. A kill leaves it behind.
	Claim string
	// NotRoot says that it refuses to run as root.
	NotRoot bool
	// Prepare makes what is needed once in a folder that belongs to the account; nil where nothing is.
	Prepare func(folder string, as Account) error
	// Command runs the server in a folder that is prepared.
	Command func(folder string, ports []string) *exec.Cmd
	// Stop ends it in good order, and Abort at once; neither leaves anything in the system.
	Stop, Abort syscall.Signal
	// Ready says whether it answers its clients at host:port.
	Ready func(address string) error
}

// MissingError says that a server is not installed.
type MissingError struct {
	Server  string // "PostgreSQL"
	Program string // that was looked for
	Debian  string // the package that brings it
}

// Error names the program, and what would bring it.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not installed: %s is not on this machine (Debian: apt-get install %s)", e.Server, e.Program, e.Debian)
}

// answerWithin bounds one question whether a server is there.
const answerWithin = 2 * time.Second

// Answers sends a question to host:port and says whether the answer begins as it should.
func Answers(address string, question []byte, want string) error {
	conn, err := net.DialTimeout("tcp", address, answerWithin)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if _, err := conn.Write(question); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	if got := string(answer[:n]); !strings.HasPrefix(got, want) {
		return fmt.Errorf("%s answers %q", address, got)
	}
	return nil
}

// found gives the path of a program, or "".
func found(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}
