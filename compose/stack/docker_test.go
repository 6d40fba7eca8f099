package stack

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stormglass/internal/ports/portstest"
)

// pretend makes a Docker of a shell script, alone on the PATH besides the shell's own tools.
func pretend(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(folder, "docker"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder)
}

// answering is a Docker of 8 GB with compose and BuildKit, on which nothing runs.
const answering = `case "$1" in
  info) echo 8000000000 ;;
  version) echo 28.0.0 ;;
esac`

func TestAMissingDockerIsExplained(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"none":       {"", "there is no docker on this machine: install"},
		"stopped":    {`echo "Cannot connect to the Docker daemon" >&2; exit 1`, "docker does not answer: start Docker Desktop"},
		"no compose": {`[ "$1" != compose ] || exit 1; echo 28.0.0`, "docker has no compose: install its plugin"},
		"no buildx":  {`[ "$1" != buildx ] || exit 1; echo 28.0.0`, "docker cannot build with BuildKit: install"},
	} {
		t.Run(name, func(t *testing.T) {
			pretend(t, c.script)
			if _, err := FindDocker(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestADockerBefore23BuildsByItself(t *testing.T) {
	pretend(t, `[ "$1" != buildx ] || exit 1; echo 20.10.24+dfsg1`)
	if _, err := FindDocker(t.Context()); err != nil {
		t.Error(err)
	}
}

// refusal is what preflight says to a pretended Docker.
func refusal(t *testing.T, s *Stack) string {
	t.Helper()
	d, err := FindDocker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.preflight(t.Context(), s); err != nil {
		return err.Error()
	}
	return ""
}

// small is the shop's layer on ports that nobody else takes.
func small(t *testing.T) *Stack {
	t.Helper()
	t.Setenv("GATEWAY_PORT", port(t))
	t.Setenv("MAILBOX_PORT", port(t))
	return laid(t, "shop")
}

func port(t *testing.T) string {
	t.Helper()
	_, number, err := net.SplitHostPort(portstest.Free(t))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func TestNothingIsSaidWhereNothingIsInTheWay(t *testing.T) {
	s := small(t)
	pretend(t, answering)
	if said := refusal(t, s); said != "" {
		t.Error(said)
	}
}

func TestWhatIsInTheWayIsSaidWithTheFix(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		wants  []string
	}{
		"running":       {answering + `; [ "$1" != ps ] || echo "1|gateway|running|Up"`, []string{"the stack is there already", "make compose-down"}},
		"little memory": {strings.Replace(answering, "8000000000", "1000000000", 1), []string{"docker has 1.0 GB of memory", "give it more", "LAYERS=shop"}},
		"no image":      {answering + `; case "$1" in image|pull) exit 1 ;; esac`, []string{"postgres needs the image postgres:17", "cannot be pulled", "STANDINS=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := small(t)
			pretend(t, c.script)
			said := refusal(t, s)
			for _, want := range c.wants {
				if !strings.Contains(said, want) {
					t.Errorf("got %q, want %q", said, want)
				}
			}
		})
	}
}

func TestATakenPortIsNamedWithTheSettingThatMovesIt(t *testing.T) {
	s := small(t)
	l, err := net.Listen("tcp", s.published("gateway"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pretend(t, answering)
	if said := refusal(t, s); !strings.Contains(said, "gateway wants "+l.Addr().String()) || !strings.Contains(said, "GATEWAY_PORT=") {
		t.Errorf("got %q", said)
	}
}

func TestAFileThatIsNotThereIsNamed(t *testing.T) {
	s := small(t)
	s.Dir = t.TempDir()
	pretend(t, answering)
	if said := refusal(t, s); !strings.Contains(said, "init.sh, which is not there") {
		t.Errorf("got %q", said)
	}
}

func TestAnUnhealthyContainerIsToldWithTheEndOfItsLog(t *testing.T) {
	s := small(t)
	pretend(t, answering+`
case "$1" in
  ps) echo "1|order|running|Up 30 seconds (unhealthy)" ;;
  logs) echo "the database is gone" ;;
esac`)
	d, err := FindDocker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.look(context.Background(), s)
	if err == nil || !strings.Contains(err.Error(), "order is not well") || !strings.Contains(err.Error(), "the database is gone") {
		t.Errorf("got %v", err)
	}
}
