// Package runtest is a toy system with everything that a run needs: a desk that takes orders and a bank that charges
// them, shoppers, a signal, checks, and a scenario for each verdict. Its programs and its guard are the test binary
// itself, started again by another name or word.
package runtest

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"stormglass/chaos/cell"
	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
)

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
	case "toy-desk":
		err = desk()
	case "toy-bank":
		err = bank()
	case "toy-lacks":
		err = errors.New("there is no gold on this machine")
	case "toy-guard":
		err = cell.Guard(os.Stdin, os.Stdout)
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

//go:embed toy.yaml scenarios/*.yaml
var files embed.FS

// System reads the toy system.
func System(t testing.TB) *system.System {
	t.Helper()
	sys, err := system.Load(Write(t, "toy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

// Scenario reads one of the toy's scenarios.
func Scenario(t testing.TB, name string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(Write(t, "scenarios/"+name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Write puts one of the toy's files into a folder of the test's own and returns its path.
func Write(t testing.TB, name string) string {
	t.Helper()
	text, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(name))
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Bin is a folder with the toy system's program.
func Bin(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(self(t), filepath.Join(dir, "toy")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Guard is the command of the toy's guard.
func Guard(t testing.TB) []string { return []string{self(t), "toy-guard"} }

func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
