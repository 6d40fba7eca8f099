package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// RunLoad runs one profile of k6 in a container beside the running stack. A run that breaks a limit is an error.
func RunLoad(ctx context.Context, root, profile string, stdout, stderr io.Writer) error {
	files, err := fs.Glob(os.DirFS(filepath.Join(root, "loadtests", "profiles")), "*.js")
	if err != nil {
		return err
	}
	var known []string
	for _, file := range files {
		known = append(known, strings.TrimSuffix(file, ".js"))
	}
	if !slices.Contains(known, profile) {
		return fmt.Errorf("there is no profile %q: choose among %s", profile, strings.Join(known, ", "))
	}
	s, err := Load(filepath.Join(root, "compose"), "shop", "load")
	if err != nil {
		return err
	}
	d, err := FindDocker(ctx)
	if err != nil {
		return err
	}
	there, err := d.containers(ctx)
	if err != nil {
		return err
	}
	if len(there) == 0 {
		return errors.New("the stack is not there: `make compose-up` brings it up")
	}
	words := d.composeWords(s, "run", "--rm", "--no-deps", "k6")
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Env = append(os.Environ(), "PROFILE="+profile)
	c.Stdout, c.Stderr = stdout, stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("run k6 with profile %s: %w", profile, err)
	}
	return nil
}
