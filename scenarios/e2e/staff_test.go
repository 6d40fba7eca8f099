package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// staff makes somebody one of those who run the shop, as an operator does, and logs them in again.
func (c *customer) staff() {
	c.t.Helper()
	c.operate([]string{"DATABASE_URL=sqlite://" + filepath.Join(c.dir, "data", "user.db")}, "staff", "add", c.email)
	c.logIn()
}

// operate runs an operator's command, which must work, and gives what it said.
func (s *shop) operate(env []string, args ...string) string {
	s.t.Helper()
	code, said := s.tryOperate(env, args...)
	if code != 0 {
		s.t.Fatalf("shop %v: exit code %d\n%s", args, code, said)
	}
	return said
}

// tryOperate runs an operator's command and gives its exit code and what it said.
func (s *shop) tryOperate(env []string, args ...string) (code int, said string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(programs, "shop"), args...)
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(text)
	}
	if err != nil {
		s.t.Fatalf("shop %v: %v", args, err)
	}
	return 0, string(text)
}
