package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stormglass/chaos/system"
)

// location is the flags that say where the system and its programs are.
type location struct {
	System string `help:"File that describes the system." default:"system/shop.yaml" placeholder:"FILE"`
	Bin    string `help:"Folder of the system's programs; by default that of stormglass itself." placeholder:"DIR"`
}

// load reads the system's file. A relative path is looked for in the working directory, then beside the program.
func (l location) load() (*system.System, error) {
	path := l.System
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(path) {
		if own, err := os.Executable(); err == nil {
			beside := filepath.Join(filepath.Dir(filepath.Dir(own)), path)
			if _, err := os.Stat(beside); err == nil {
				path = beside
			}
		}
	}
	return system.Load(path)
}

// programs is the folder in which every program of the system lies.
func (l location) programs(s *system.System) (string, error) {
	dir := l.Bin
	if dir == "" {
		own, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find programs: %w", err)
		}
		dir = filepath.Dir(own)
	}
	var missing []string
	for _, name := range s.Programs {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("find programs: %s is not in %s; run `make build`, or say where it is with --bin", strings.Join(missing, ", "), dir)
	}
	return dir, nil
}
