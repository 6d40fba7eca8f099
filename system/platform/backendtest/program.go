package backendtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"stormglass/internal/ports/portstest"
	"stormglass/system/platform/servers"
)

// startLimit bounds the wait for a server's first answer. RabbitMQ takes 5 s, and much longer on a busy machine.
const startLimit = 90 * time.Second

// program is a server's program on this machine.
type program struct {
	*servers.Program
	// url is where clients find it at HOST:PORT, and ready whether it answers there.
	url   func(host string) *url.URL
	ready func(u *url.URL) error
}

// run is a program in a folder of its own.
type run struct {
	program
	folder string
	as     servers.Account
	keeper io.Closer
	ports  []string
	// process is the server while it runs, and ended closes when it has ended.
	process *os.Process
	ended   chan struct{}
}

// keeper is a shell script that lives until the test binary ends, because then its standard input does. Then it kills the
// server's process group and removes its folder.
const keeper = `
read -r _
if pid=$(cat "$1/pid" 2>/dev/null) && kill -s "$2" -- "-$pid" 2>/dev/null; then
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -s 0 -- "-$pid" 2>/dev/null || break; sleep 0.1; done
	kill -s KILL -- "-$pid" 2>/dev/null
fi
rm -rf "$1"
`

// launcher writes down its process's id and then becomes the server, so that the keeper knows whom to kill from the
// server's first moment on.
const launcher = `echo $$ >"$0/pid"; exec "$@" </dev/null >>"$0/log" 2>&1`

func (p program) open() (*Server, error) {
	as, err := servers.Unprivileged()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "backendtest-")
	if err != nil {
		return nil, err
	}
	r := &run{program: p, folder: folder, as: as}
	if err := r.keep(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	u, err := r.first()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", p.Name, err), r.end())
	}
	return newServer(u, r), nil
}

// attributes start a process as the account, in a process group of its own, so that Ctrl-C reaches the tests and not the
// server, which ends after them.
func (r *run) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: r.as.Credential}
}

// keep starts the keeper, which owns the folder from now on.
func (r *run) keep() error {
	if err := r.as.Own(r.folder); err != nil {
		return err
	}
	c := exec.Command("sh", "-c", keeper, "keeper", r.folder, strconv.Itoa(int(r.Abort)))
	c.Dir, c.SysProcAttr = "/", r.attributes()
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	r.keeper = in
	if err := c.Start(); err != nil {
		return err
	}
	go func() { _ = c.Wait() }() // it ends after this process, or by end
	return nil
}

// first prepares the folder and starts the server, on ports that it keeps when it starts again.
func (r *run) first() (u *url.URL, err error) {
	if r.Prepare != nil {
		if err := r.Prepare(r.folder, r.as); err != nil {
			return nil, err
		}
	}
	if r.ports, err = freePorts(r.Ports); err != nil {
		return nil, err
	}
	return r.start()
}

func (r *run) start() (*url.URL, error) {
	server := r.Command(r.folder, r.ports)
	c := exec.Command("sh", append([]string{"-c", launcher, r.folder}, server.Args...)...)
	c.Dir, c.Env, c.SysProcAttr = r.folder, server.Env, r.attributes()
	if err := c.Start(); err != nil {
		return nil, err
	}
	r.process, r.ended = c.Process, make(chan struct{})
	go func(ended chan struct{}) {
		_ = c.Wait()
		close(ended)
	}(r.ended)
	u := r.url("127.0.0.1:" + r.ports[0])
	return u, r.wait(u)
}

// wait asks until the server answers, has ended, or took too long.
func (r *run) wait(u *url.URL) error {
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	for {
		err := r.ready(u)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
			continue
		case <-r.ended:
		case <-limit.C:
		}
		return fmt.Errorf("wait for its answer: %w\n%s", err, r.log())
	}
}

// log gives the end of what the server said, to say more about a failure.
func (r *run) log() []byte {
	said, _ := os.ReadFile(filepath.Join(r.folder, "log")) // none is as good as nothing
	return said[max(0, len(said)-20_000):]
}

func (r *run) kill() error { return r.signal(syscall.SIGKILL) }

// signal ends the server and waits for that.
func (r *run) signal(s syscall.Signal) error {
	if r.process == nil {
		return nil
	}
	if err := syscall.Kill(-r.process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	<-r.ended
	r.process = nil
	return os.Remove(filepath.Join(r.folder, "pid"))
}

func (r *run) wipe() error { return os.RemoveAll(filepath.Join(r.folder, r.Data)) }

func (r *run) end() error {
	err := r.signal(r.Abort)
	return errors.Join(err, r.keeper.Close(), os.RemoveAll(r.folder))
}

// freePorts gives ports of the loopback that nobody else takes while the tests run.
func freePorts(n int) (ports []string, err error) {
	for range n {
		addr, err := portstest.Take()
		if err != nil {
			return nil, err
		}
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}
