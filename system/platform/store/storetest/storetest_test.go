package storetest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestEachGivesEmptyDatabasesOfBothKinds(t *testing.T) {
	seen := map[string]bool{}
	Each(t, func(t *testing.T, url string) {
		db := Open(t, url)
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		seen[db.Dialect()] = true
	})
	if !seen["sqlite"] {
		t.Errorf("saw %v, want sqlite", seen)
	}
}

func TestWhatATestWroteIsDroppedWithIt(t *testing.T) {
	var url string
	t.Run("inner", func(t *testing.T) { url = Postgres(t) })
	if url == "" {
		t.Skip(missing)
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	var schema *string
	if err := c.QueryRow(t.Context(), "SELECT current_schema()").Scan(&schema); err != nil || schema != nil {
		t.Errorf("the schema %v is still there (%v)", schema, err)
	}
}

// TestServerForAnother is no test: it is what TestTheServerEndsWithTheTestBinaryHoweverThatEnds runs in a process of its own.
func TestServerForAnother(t *testing.T) {
	if os.Getenv("SERVE_ANOTHER") == "" {
		t.Skip("runs only as a part of another test")
	}
	fmt.Println("\nURL", Postgres(t))
	select {} // until it is killed
}

func TestTheServerEndsWithTheTestBinaryHoweverThatEnds(t *testing.T) {
	Postgres(t) // or skip
	for name, signal := range map[string]os.Signal{"kill": os.Kill, "interrupt": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			temp := openFolder(t)
			c := exec.Command(os.Args[0], "-test.run=^TestServerForAnother$")
			c.Env = append(os.Environ(), "SERVE_ANOTHER=1", "STORE_TEST_POSTGRES_URL=", "TMPDIR="+temp)
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			address := addressIn(bufio.NewScanner(out))
			if address == "" {
				t.Fatal("the process printed no URL")
			}
			if got := folders(t, temp); len(got) != 1 {
				t.Fatalf("the server has the folders %v, want one", got)
			}
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // it was killed
			waitFor(t, func() error {
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
		if url, ok := strings.CutPrefix(lines.Text(), "URL "); ok {
			config, err := pgx.ParseConfig(url)
			if err != nil {
				return ""
			}
			return fmt.Sprintf("%s:%d", config.Host, config.Port)
		}
	}
	return ""
}

func folders(t *testing.T, temp string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(temp, "storetest-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// waitFor repeats a call until it succeeds, for at most ten seconds.
func waitFor(t *testing.T, call func() error) {
	t.Helper()
	var last error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		if last = call(); last == nil {
			return
		}
	}
	t.Fatal(last)
}

func TestAMissingServerIsSkippedAloudOrFailsWhereItIsRequired(t *testing.T) {
	for require, want := range map[string]string{"": "skip", "1": "fatal"} {
		t.Setenv("REQUIRE_POSTGRES", require)
		got := &verdict{TB: t}
		func() {
			defer func() { _ = recover() }() // the end of the pretended test
			without(got)
		}()
		if got.how != want || got.said != missing {
			t.Errorf("with REQUIRE_POSTGRES=%q: got %s %q, want %s %q", require, got.how, got.said, want, missing)
		}
	}
}

// verdict is a test that remembers how it was ended.
type verdict struct {
	testing.TB
	how, said string
}

func (v *verdict) Helper()           {}
func (v *verdict) Skip(args ...any)  { v.end("skip", args) }
func (v *verdict) Fatal(args ...any) { v.end("fatal", args) }

func (v *verdict) end(how string, args []any) {
	v.how, v.said = how, fmt.Sprint(args...)
	panic(how)
}

func TestWhatIsNotTestedIsNotedInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not-tested")
	t.Setenv("NOT_TESTED", path)
	for range 2 {
		if err := note(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line := filepath.Base(os.Args[0]) + ": " + missing + "\n"
	if want := line + line; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
