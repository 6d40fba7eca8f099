// Package celltest is a toy system, for tests of what happens to real processes on real ports. The program of its
// units, its guard and its harness are the test binary itself, started again with another word.
package celltest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/system"
)

// description is the toy system: a shop that asks a store by HTTP, and by lines through a link of its own.
const description = `
name: toy
programs: [toy]
service_env: {INSTANCE: "{instance}", OTLP: "{otlp}"}
units:
  shop:
    kind: service
    command: [toy, toy-serve]
    ports: {http: HTTP_ADDR}
    ready: http
    public: http
    env: {DATA: "{data}", SELF: "{port.http}", JAEGER: "{jaeger}"}
  store:
    kind: backend
    command: [toy, toy-serve]
    ports: {http: HTTP_ADDR, wire: WIRE_ADDR}
    ready: http
    env: {DATA: "{data}", INSTANCE: "{instance}"}
links:
  - {client: shop, server: store, port: http, env: STORE_URL, value: "http://{addr}"}
  - {client: shop, server: store-db, via: store, port: wire, env: DB_ADDRS, direct: "straight to {addr}"}
moments:
  paid: {link: shop -> store-db, after: COMMITTED pay, response: OK}
`

// Main takes over when the test binary was started as a part of the toy system, and otherwise returns. It is the first
// thing in TestMain.
func Main() {
	// Under -race every process sleeps a second before it exits, for reports of others' threads; the toys need none.
	_ = os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	if len(os.Args) < 2 {
		return
	}
	var err error
	switch os.Args[1] {
	case "toy-serve":
		err = serve()
	case "toy-guard":
		err = cell.Guard(os.Stdin, os.Stdout)
	case "toy-harness":
		err = harness(os.Args[2])
	case "toy-sleep":
		select {}
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// System reads the toy system.
func System(t testing.TB) *system.System {
	t.Helper()
	sys, err := system.Parse("toy.yaml", []byte(description))
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

// Options are those of a toy cell in a folder of its own.
func Options(t testing.TB) cell.Options {
	t.Helper()
	o, err := options(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o.Progress = t.Logf
	return o
}

func options(dir string) (cell.Options, error) {
	self, err := os.Executable()
	if err != nil {
		return cell.Options{}, err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return cell.Options{}, err
	}
	if err := os.Symlink(self, filepath.Join(bin, "toy")); err != nil {
		return cell.Options{}, err
	}
	return cell.Options{Name: "toy", Dir: filepath.Join(dir, "cell"), Bin: bin, Guard: []string{self, "toy-guard"}}, nil
}

// Start starts a toy cell, and at the end of the test stops it and makes sure that no process is left.
func Start(t testing.TB, change func(*cell.Options)) *cell.Cell {
	t.Helper()
	o := Options(t)
	if change != nil {
		change(&o)
	}
	c, err := cell.Start(t.Context(), System(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		before := c.Instances()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Error(err)
		}
		for _, in := range before {
			if in.Pid != 0 && Lives(in.Pid) {
				t.Errorf("%s (pid %d) outlives its cell", in.Name, in.Pid)
			}
		}
	})
	return c
}

// Lives says whether there is a process of this number. One that has ended counts as gone though nobody has collected
// it yet, but not before its last thread is gone, which holds its ports until then.
func Lives(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	state, threads := fields[0], fields[17]
	return state != "X" && (state != "Z" || threads != "0" && threads != "1")
}

// Get asks for a page and gives the body of a 200.
func Get(url string) (string, error) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s: %s: %s", url, answer.Status, body)
	}
	return string(body), nil
}

// MustGet is Get in a test that cannot go on without.
func MustGet(t testing.TB, url string) string {
	t.Helper()
	body, err := Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
