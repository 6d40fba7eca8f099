package cell

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// through runs a command behind a gate, lets it in or not, and gives what it said.
func through(t *testing.T, letIn bool, argv ...string) (said string, code int) {
	t.Helper()
	g, err := newGated(argv)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	g.Stdout, g.Env = &out, []string{"WORD=kept"}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	if letIn {
		g.open()
	}
	g.close()
	err = g.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), 0
}

func TestAGatedCommandRunsOnlyWhenItIsLetIn(t *testing.T) {
	if said, code := through(t, true, "sh", "-c", `echo "$WORD $1"; exit 7`, "sh", "a  b"); said != "kept a  b\n" || code != 7 {
		t.Errorf("let in: got %q and code %d, want its words and code 7", said, code)
	}
	if said, code := through(t, false, "sh", "-c", "echo here"); said != "" || code != 125 {
		t.Errorf("not let in: got %q and code %d, want nothing and 125", said, code)
	}
}

func TestAGateForAProgramThatIsNotThereIsAnError(t *testing.T) {
	if _, err := newGated([]string{"/no/such/program"}); err == nil {
		t.Error("got no error")
	}
}
