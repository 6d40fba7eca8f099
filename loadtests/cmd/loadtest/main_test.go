package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"stormglass/internal/await"
	"stormglass/internal/nottested"
	"stormglass/internal/ports/portstest"
)

// role makes the test binary something else: the program under test, or what takes the place of bin/stormglass.
const role = "LOADTEST_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "loadtest":
		main()
	case "stormglass":
		standIn()
	default:
		os.Exit(m.Run())
	}
}

// standIn serves a fake shop on the port that it is told, as `stormglass up --port N` does, until it is stopped.
func standIn() {
	port := os.Args[len(os.Args)-1]
	fmt.Fprintln(os.Stderr, "stand-in on port", port)
	if err := http.ListenAndServe("127.0.0.1:"+port, newFakeShop(1_000_000).mux); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitBadInput)
	}
}

const repository = "../../.."

// k6 gives the built k6. Without it nothing here can be tested, which the file that NOT_TESTED names then says. It reads all
// scripts as well, so that a cached result does not outlive a change of one.
func k6(t *testing.T) string {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(repository, "loadtests", "*", "*.js"))
	if err != nil || len(scripts) < 10 {
		t.Fatalf("found %d scripts, %v", len(scripts), err)
	}
	for _, script := range scripts {
		if _, err := os.ReadFile(script); err != nil {
			t.Fatal(err)
		}
	}
	path, err := filepath.Abs(filepath.Join(repository, "bin", "tools", "k6"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		return path
	}
	nottested.Skip(t, "REQUIRE_K6", "load tests: k6 is not built: run `make loadtest` once")
	return ""
}

// running is the program under test as a process.
type running struct {
	*exec.Cmd
	out     *bytes.Buffer
	results string
}

// begin starts the program; what it leaves goes to a folder of the test's own.
func begin(t *testing.T, env map[string]string, args ...string) *running {
	t.Helper()
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{exec.Command(os.Args[0], append([]string{"-root", root, "-k6", k6(t)}, args...)...), &bytes.Buffer{}, t.TempDir()}
	r.Args = append(r.Args, "-out", r.results)
	r.Stdout, r.Stderr = r.out, r.out
	r.Env = []string{role + "=loadtest", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	for name, value := range env {
		r.Env = append(r.Env, name+"="+value)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Process.Kill() })
	return r
}

// end waits for the program and gives its exit code.
func (r *running) end(t *testing.T) int {
	t.Helper()
	if err := r.Wait(); err != nil {
		if _, exited := errors.AsType[*exec.ExitError](err); !exited {
			t.Fatal(err)
		}
	}
	return r.ProcessState.ExitCode()
}

// serve opens a fake shop.
func serve(t *testing.T, s *fakeShop) string {
	t.Helper()
	server := httptest.NewServer(s.mux)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

func TestAHealthyShopIsGreenAndTheReportIsThere(t *testing.T) {
	t.Parallel()
	shop := newFakeShop(1_000_000)
	samples := filepath.Join(t.TempDir(), "samples.json")
	r := begin(t, map[string]string{"BASE_URL": serve(t, shop), "DURATION": "6s", "LATENCY": "5", "K6_OUT": "json=" + samples})
	if got := r.end(t); got != exitGreen || !strings.Contains(r.out.String(), "smoke: PASS") {
		t.Fatalf("exit code: got %d, want %d\n%s", got, exitGreen, r.out)
	}
	for _, name := range []string{"report.html", "summary.json"} {
		if found, err := filepath.Glob(filepath.Join(r.results, "*-smoke", name)); err != nil || len(found) != 1 || !strings.Contains(r.out.String(), found[0]) {
			t.Errorf("%s: found %v, %v, and the output should name it", name, found, err)
		}
	}
	if len(shop.wrong) > 0 {
		t.Errorf("%d requests lack something, such as: %s", len(shop.wrong), shop.wrong[0])
	}
	if requests := shop.requests - 2; len(shop.traces) < requests || requests < 100 {
		t.Errorf("traces: got %d for %d requests, want one each, of 100 or more", len(shop.traces), requests)
	}
	recorded, err := os.ReadFile(samples)
	if err != nil || !bytes.Contains(recorded, []byte(`"name":"GET /v1/products/{id}"`)) {
		t.Errorf("the samples do not name routes: %v", err)
	}
	for _, id := range []string{lamp, "order-"} {
		if bytes.Contains(recorded, []byte(id)) {
			t.Errorf("the samples' tags hold the id %s", id)
		}
	}
}

func TestSessionsAreRenewedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	shop := newFakeShop(1_000_000)
	shop.life = 2
	r := begin(t, map[string]string{"BASE_URL": serve(t, shop), "DURATION": "5s", "LATENCY": "5"})
	if got := r.end(t); got != exitGreen || shop.renewed == 0 {
		t.Errorf("got exit code %d and %d renewed sessions, want %d and some\n%s", got, shop.renewed, exitGreen, r.out)
	}
}

func TestTheShopOfThisMachineIsStartedAndStopped(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	repo, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(root, "bin"), 0o755), os.Symlink(filepath.Join(repo, "loadtests"), filepath.Join(root, "loadtests")),
		os.WriteFile(filepath.Join(root, "bin", "stormglass"), []byte("#!/bin/sh\n"+role+"=stormglass exec '"+self+"' \"$@\"\n"), 0o755)); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(portstest.Free(t))
	if err != nil {
		t.Fatal(err)
	}
	r := begin(t, map[string]string{"DURATION": "5s", "LATENCY": "5"}, "-root", root, "-port", port)
	if got := r.end(t); got != exitGreen || !strings.Contains(r.out.String(), "starting one") {
		t.Fatalf("exit code: got %d, want %d\n%s", got, exitGreen, r.out)
	}
	if resp, err := http.Get("http://127.0.0.1:" + port + "/openapi.json"); err == nil {
		resp.Body.Close()
		t.Error("the shop that was started still answers")
	}
}

// processes lists the command lines that hold a word.
func processes(t *testing.T, word string) (found []string) {
	t.Helper()
	text, err := exec.Command("ps", "-A", "-o", "args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, word) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

func TestNothingIsLeftWhenARunIsEnded(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"by Ctrl-C": syscall.SIGINT, "by force": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := newFakeShop(1_000_000)
			link := filepath.Join(t.TempDir(), "k6")
			if err := os.Symlink(k6(t), link); err != nil {
				t.Fatal(err)
			}
			r := begin(t, map[string]string{"BASE_URL": serve(t, shop), "DURATION": "5m"}, "-k6", link)
			await.True(t, "visitors came", func() bool { return shop.visitors() > 0 })
			if err := r.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if code := r.end(t); signal == syscall.SIGINT && code != exitInterrupted {
				t.Errorf("exit code: got %d, want %d\n%s", code, exitInterrupted, r.out)
			}
			await.True(t, "k6 is gone", func() bool { return len(processes(t, link)) == 0 })
		})
	}
}
