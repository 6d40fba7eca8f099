package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"stormglass/chaos/run/runtest"
)

// TestMain lets the test binary stand for the toy system's programs, and for stormglass itself with the toy's registry.
func TestMain(m *testing.M) {
	runtest.Main()
	if len(os.Args) > 2 && os.Args[1] == "toy-stormglass" {
		self, err := os.Executable()
		if err != nil {
			panic(err)
		}
		os.Exit(execute(context.Background(), os.Args[2:], environment{
			registry: runtest.Registry(), guard: []string{self, "toy-guard"}, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		}))
	}
	os.Exit(m.Run())
}

// toy is the command line at work on the toy system.
type toy struct {
	t                *testing.T
	system, bin, out string
}

func newToy(t *testing.T) toy {
	return toy{t: t, system: runtest.Write(t, "toy.yaml"), bin: runtest.Bin(t), out: t.TempDir()}
}

// line is a command line about the toy.
func (y toy) line(command string, args ...string) []string {
	return append([]string{command, "--system", y.system, "--bin", y.bin}, args...)
}

// execute runs one command line in this process.
func (y toy) execute(args ...string) (code int, stdout, stderr string) {
	y.t.Helper()
	var out, errs bytes.Buffer
	code = execute(y.t.Context(), args, environment{
		registry: runtest.Registry(), guard: runtest.Guard(y.t), stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
	})
	return code, out.String(), errs.String()
}

// start runs one command line in a process of its own.
func (y toy) start(args ...string) *process {
	y.t.Helper()
	self, err := os.Executable()
	if err != nil {
		y.t.Fatal(err)
	}
	p := &process{t: y.t, cmd: exec.Command(self, append([]string{"toy-stormglass"}, args...)...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		y.t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	y.t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.ended })
	return p
}

// left lists the processes of the toy system that are still there.
func (y toy) left() string {
	y.t.Helper()
	list, err := exec.Command("ps", "-axo", "pid,args").Output()
	if err != nil {
		y.t.Fatal(err)
	}
	var found string
	for line := range strings.Lines(string(list)) {
		if strings.Contains(line, y.bin) && !strings.Contains(line, "toy-stormglass") {
			found += line
		}
	}
	return found
}
