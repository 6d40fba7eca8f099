package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"stormglass/internal/await"
	"stormglass/internal/ports/portstest"
)

// asProgram makes the test's own binary be the program, so that tests can start it, and kill it, as a process.
const asProgram = "BE_THE_STANDINS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(start(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// unit is what shop.yaml says of a process.
type unit struct {
	Command []string
	Ports   map[string]string
	Env     map[string]string
}

// shop is what shop.yaml says of processes, and what is different in its tiers.
type shop struct {
	Units map[string]unit
	Tiers map[string]shop
}

func readShop(t *testing.T) (s shop) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &s); err != nil {
		t.Fatalf("read shop.yaml: %v", err)
	}
	return s
}

// tier gives the stand-ins of one tier of shop.yaml by the names of their commands.
func tier(t *testing.T, name string) map[string]unit {
	t.Helper()
	all := readShop(t)
	found := map[string]unit{}
	for unit, u := range all.Tiers[name].Units {
		if u.Ports == nil { // a tier says only what is different
			u.Ports = all.Units[unit].Ports
		}
		found[u.Command[1]] = u
	}
	return found
}

// units gives the stand-ins of shop.yaml by name.
func units(t *testing.T) map[string]unit {
	t.Helper()
	found := map[string]unit{}
	for name, u := range readShop(t).Units {
		if u.Command[0] == "standins" {
			found[name] = u
		}
	}
	if len(found) == 0 {
		t.Fatal("shop.yaml has no stand-ins")
	}
	return found
}

// process is a running stand-in.
type process struct {
	*exec.Cmd
	// addr is host:port by the port's name in shop.yaml.
	addr   map[string]string
	output bytes.Buffer
	ended  chan struct{}
}

// prepare makes a process of a stand-in of shop.yaml with ports of its own, without starting it.
func prepare(t *testing.T, name, data string) *process {
	t.Helper()
	return prepareUnit(t, units(t)[name], data)
}

func prepareUnit(t *testing.T, u unit, data string) *process {
	t.Helper()
	p := &process{addr: map[string]string{}, ended: make(chan struct{})}
	p.Cmd = exec.Command(os.Args[0], u.Command[1:]...)
	p.Env = []string{asProgram + "=yes", "SHUTDOWN_TIMEOUT=1m", "PATH=" + os.Getenv("PATH")}
	for port, setting := range u.Ports {
		p.addr[port] = portstest.Free(t)
		p.Env = append(p.Env, setting+"="+p.addr[port])
	}
	for setting, value := range u.Env {
		p.Env = append(p.Env, setting+"="+strings.NewReplacer("{data}", data, "{jaeger}", "").Replace(value))
	}
	p.Stdout, p.Stderr = &p.output, &p.output
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return p
}

// begin starts the process and returns when it is ready. It is gone when the test ends.
func begin(t *testing.T, p *process) *process {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.Wait() // ProcessState tells how it ended
	}()
	t.Cleanup(p.kill)
	await.NoError(t, func() error {
		status, body, err := get("http://" + p.addr["http"] + "/readyz")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		select {
		case <-p.ended:
			t.Fatalf("it ended: %s\n%s", p.ProcessState, &p.output)
		default:
		}
		return err
	})
	return p
}

// kill is kill -9 of the stand-in and of what it started, as a cell's guard does it.
func (p *process) kill() {
	_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) // it may have ended
	<-p.ended
}

// again is the same process started anew: the same ports, settings and data.
func (p *process) again(t *testing.T) *process {
	t.Helper()
	next := &process{addr: p.addr, ended: make(chan struct{})}
	next.Cmd = exec.Command(p.Path, p.Args[1:]...)
	next.SysProcAttr = p.SysProcAttr
	next.Env, next.Stdout, next.Stderr = p.Env, &next.output, &next.output
	return begin(t, next)
}

// stop asks the process to stop and gives its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Fatalf("it does not stop\n%s", &p.output)
	}
	return p.ProcessState.ExitCode()
}

// end runs a process that is expected to end by itself.
func (p *process) end(t *testing.T) (code int, output string) {
	t.Helper()
	stop := sync.OnceFunc(func() { _ = p.Process.Kill() })
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(40*time.Second, stop) // less than a teardown that hangs takes
	defer timer.Stop()
	if err := p.Wait(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			t.Fatal(err)
		}
	}
	return p.ProcessState.ExitCode(), p.output.String()
}

func get(url string) (status int, body string, err error) {
	response, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	return response.StatusCode, text.String(), err
}
