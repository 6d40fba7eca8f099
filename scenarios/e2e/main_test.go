// Package e2e tests the shop whole: the real binaries as processes, real proxies on every link, and a client at the
// public door. What it claims of the shop is looked up where the shop cannot have told itself: in the books of the
// companies outside, in the files on disk, and in the spans and log lines that came out.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// root is the repository, seen from this package's folder, in which its tests run.
const root = "../.."

// programs is the folder of the binaries under test. TestMain fills it, and nobody changes it.
var programs string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "stormglass-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	programs = filepath.Join(dir, "bin")
	code := 1
	if err := build(programs); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// build makes the binaries as `make build` does. They carry no race detector even when the tests do: seventeen processes
// of it would not fit on a small machine, and each package's own tests run with it.
func build(dir string) error {
	cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./system/cmd/shop", "./system/cmd/standins", "./chaos/cmd/stormglass")
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build binaries: %w\n%s", err, said)
	}
	return nil
}
