package backendtest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"stormglass/internal/await"
	"stormglass/system/platform/servers"
)

// backends are all of them, by name.
func backends() map[string]func(testing.TB) *Server {
	return map[string]func(testing.TB) *Server{"postgres": Postgres, "rabbitmq": RabbitMQ, "redis": Redis, "mongodb": MongoDB}
}

func TestEveryBackendAnswersAtItsURL(t *testing.T) {
	for name, ready := range map[string]func(*url.URL) error{
		"postgres": answersPostgres, "rabbitmq": answersRabbitMQ, "redis": answersRedis, "mongodb": answersMongoDB,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := ready(backends()[name](t).URL()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestServerForAnother is no test: it is what TestServerEndsWithTheTestBinaryHoweverThatEnds runs in a process of its own.
func TestServerForAnother(t *testing.T) {
	name := os.Getenv("SERVE_ANOTHER")
	if name == "" {
		t.Skip("runs only as a part of another test")
	}
	fmt.Println("\nADDRESS", backends()[name](t).URL().Host)
	select {} // until it is killed
}

func TestServerEndsWithTheTestBinaryHoweverThatEnds(t *testing.T) {
	for name, signal := range map[string]os.Signal{"postgres": os.Kill, "redis": os.Interrupt, "rabbitmq": os.Kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if life, ok := backends()[name](t).life.(*run); !ok || life == nil {
				t.Skip("it is no program of ours on this machine")
			}
			temp := openFolder(t)
			c := exec.Command(os.Args[0], "-test.run=^TestServerForAnother$")
			c.Env = append(os.Environ(), "SERVE_ANOTHER="+name, "TMPDIR="+temp)
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			address := addressIn(bufio.NewScanner(out))
			if address == "" {
				t.Fatal("the process printed no address")
			}
			if got := folders(t, temp); len(got) != 1 {
				t.Fatalf("the server has the folders %v, want one", got)
			}
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // it was killed
			await.NoError(t, func() error {
				if conn, err := net.Dial("tcp", address); err == nil {
					conn.Close()
					return fmt.Errorf("%s still answers", address)
				}
				if left := folders(t, temp); len(left) > 0 {
					return fmt.Errorf("folders left: %v", left)
				}
				return nil
			})
		})
	}
}

// openFolder gives a temporary folder in which another user may work, as in /tmp itself.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "open-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	return folder
}

func addressIn(lines *bufio.Scanner) string {
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "ADDRESS "); ok {
			return address
		}
	}
	return ""
}

func folders(t *testing.T, temp string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(temp, "backendtest-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestKilledServerStartsAgainWithItsDataAndWithoutOnceItIsWiped(t *testing.T) {
	s := OwnRabbitMQ(t)
	declare := func(passive bool) error {
		c, err := amqp.Dial(s.URL().String())
		if err != nil {
			return err
		}
		defer c.Close()
		ch, err := c.Channel()
		if err != nil {
			return err
		}
		if passive {
			_, err = ch.QueueDeclarePassive("kept", true, false, false, false, nil)
		} else {
			_, err = ch.QueueDeclare("kept", true, false, false, false, nil)
		}
		return err
	}
	again := func(between func() error) {
		t.Helper()
		if err := errors.Join(s.Kill(), between(), s.Start()); err != nil {
			t.Fatal(err)
		}
	}
	if err := declare(false); err != nil {
		t.Fatal(err)
	}
	time.Sleep(Ripening)
	again(func() error { return nil })
	if err := declare(true); err != nil {
		t.Errorf("after a kill: %v, want the queue", err)
	}
	again(s.Wipe)
	if err := declare(true); err == nil {
		t.Error("the queue outlived a wipe")
	}
}

// nowhere is a backend that this machine cannot have.
func nowhere() kind {
	return kind{
		name: "Nowhere", word: "NOWHERE", container: container{image: "NO_IMAGE"},
		program: func() (*program, error) {
			return nil, &servers.MissingError{Server: "Nowhere", Program: "nowhered", Debian: "nowhere"}
		},
	}
}

func TestMissingBackendSaysWhatWouldHelp(t *testing.T) {
	_, err := nowhere().open()
	if !errors.Is(err, errMissing) {
		t.Fatalf("got %v, want that it is missing", err)
	}
	for _, want := range []string{"TEST_NOWHERE_URL", "apt-get install nowhere", "NO_IMAGE"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to name %s", err, want)
		}
	}
}

func TestMissingBackendIsSkippedAloudOrFailsWhereItIsRequired(t *testing.T) {
	for require, want := range map[string]string{"": "skip", "1": "fatal"} {
		t.Setenv("REQUIRE_NOWHERE", require)
		got := &verdict{TB: t}
		func() {
			defer func() { _ = recover() }() // the end of the pretended test
			nowhere().must(got, fmt.Errorf("%w: for this test", errMissing))
		}()
		if got.how != want || !strings.Contains(got.said, "not tested: for this test") {
			t.Errorf("with REQUIRE_NOWHERE=%q: got %s %q, want %s", require, got.how, got.said, want)
		}
	}
}

// verdict is a test that remembers how it was ended.
type verdict struct {
	testing.TB
	how, said string
}

func (v *verdict) Helper()                        {}
func (v *verdict) Skip(args ...any)               { v.end("skip", fmt.Sprint(args...)) }
func (v *verdict) Fatalf(text string, arg ...any) { v.end("fatal", fmt.Sprintf(text, arg...)) }

func (v *verdict) end(how, said string) {
	v.how, v.said = how, said
	panic(how)
}

func TestWhatIsMissingIsNotedOnceInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not-tested")
	t.Setenv("NOT_TESTED", path)
	ask := nowhere().shared()
	_, err := ask()
	_, _ = ask()
	got, readErr := os.ReadFile(path)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if want := filepath.Base(os.Args[0]) + ": " + err.Error() + "\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGivenURLIsTakenAndItsServerLeftAlone(t *testing.T) {
	t.Setenv("TEST_NOWHERE_URL", "redis://:hunter2@127.0.0.1:1/3")
	s, err := nowhere().open()
	if err != nil {
		t.Fatal(err)
	}
	if got := s.URL().String(); got != "redis://:hunter2@127.0.0.1:1/3" || s.Ours() || s.Kill() == nil {
		t.Errorf("got %s, ours %v; want the given one, which is not ours to kill", got, s.Ours())
	}
	t.Setenv("TEST_NOWHERE_URL", "hunter2")
	if _, err := nowhere().open(); err == nil || !strings.Contains(err.Error(), "TEST_NOWHERE_URL") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error that names the setting and keeps the password", err)
	}
}
