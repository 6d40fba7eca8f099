package e2e

import (
	"context"
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

// operate runs an operator's command and gives what it said.
func (s *shop) operate(env []string, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(context.Background(), filepath.Join(programs, "shop"), args...)
	cmd.Env = append(os.Environ(), env...)
	said, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("shop %v: %v\n%s", args, err, said)
	}
	return string(said)
}
