package eventstest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// serveEnv says to a test binary where, and in which folder, it is to be a server: "PORT FOLDER".
const serveEnv = "EVENTSTEST_SERVE"

// JetStream is the kind of broker that is in this process. To be killed it needs one of its own: the test binary again,
// of which only the test of that name runs, and calls ServeJetStream.
func JetStream(serves string) Kind {
	return Kind{
		Deduplicates: true,
		Shared: func(t *testing.T) *Backend {
			s := StartServer(t)
			return newBackend(t, s.address, nil)
		},
		Own: func(t *testing.T) Mortal {
			p := &process{tb: t, serves: serves, dir: t.TempDir(), port: strconv.Itoa(freePort(t))}
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = p.Kill() }) // it may have been killed already
			return p
		},
		Empty: func(t *testing.T, m Mortal) *Backend {
			if err := errors.Join(m.Kill(), m.Wipe(), m.Start()); err != nil {
				t.Fatal(err)
			}
			return newBackend(t, m.URL, m)
		},
	}
}

// ServeJetStream is a server until its standard input ends, in a process that was started for that; in any other it does
// nothing.
func ServeJetStream(t *testing.T) {
	port, dir, asked := strings.Cut(os.Getenv(serveEnv), " ")
	if !asked {
		t.Skip("runs only as a part of another test")
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{tb: t, port: n, dir: dir}
	s.Start()
	defer s.Stop()
	fmt.Printf("\nURL %s\n", s.URL())
	_, _ = io.Copy(io.Discard, os.Stdin) // nothing comes; it ends with the test that started us
}

// process is a server in a process of its own.
type process struct {
	tb                testing.TB
	serves, dir, port string
	command           *exec.Cmd
	in                io.Closer
	url               atomic.Pointer[url.URL]
}

func (p *process) URL() *url.URL { return p.url.Load() }

func (p *process) Start() error {
	p.command = exec.Command(os.Args[0], "-test.run=^"+p.serves+"$")
	p.command.Env = append(os.Environ(), serveEnv+"="+p.port+" "+p.dir)
	out, err := p.command.StdoutPipe()
	if err != nil {
		return err
	}
	if p.in, err = p.command.StdinPipe(); err != nil {
		return err
	}
	if err := p.command.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "URL "); ok {
			u, err := url.Parse(text)
			if err != nil {
				return err
			}
			p.url.Store(u)
			p.port = u.Port()
			return nil
		}
	}
	return errors.Join(errors.New("the server's process printed no URL"), p.Kill())
}

func (p *process) Kill() error {
	if p.command == nil {
		return nil
	}
	err := p.command.Process.Kill()
	_ = p.command.Wait() // it was killed
	p.in.Close()
	p.command = nil
	return err
}

func (p *process) Wipe() error {
	p.dir = p.tb.TempDir()
	return nil
}
