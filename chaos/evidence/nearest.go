package evidence

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stormglass/chaos/system"
)

const (
	// deepest is how far below a folder evidence is looked for: a run's folder, a scenario's in it, a round's in that.
	deepest = 3
	// mostNamed bounds how many folders an error names.
	mostNamed = 3
)

// elsewhere is the error of a folder that holds no evidence. It names those that do, below or around it.
func elsewhere(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		if near := system.Nearest(filepath.Base(dir), siblings(dir)); near != "" {
			return fmt.Errorf("there is no folder %s; did you mean %s?", dir, filepath.Join(filepath.Dir(dir), near))
		}
		return fmt.Errorf("there is no folder %s", dir)
	}
	if found := below(dir); len(found) > 0 {
		return fmt.Errorf("%s is not one scenario's folder, it holds no %s; there is one in %s", dir, RunFile, strings.Join(found, ", "))
	}
	for up := filepath.Dir(filepath.Clean(dir)); up != filepath.Dir(up); up = filepath.Dir(up) {
		if _, err := os.Stat(filepath.Join(up, RunFile)); err == nil {
			return fmt.Errorf("%s is a part of the evidence in %s; name that", dir, up)
		}
	}
	return fmt.Errorf("%s holds no %s; it is made by stormglass run", dir, RunFile)
}

// siblings are the names of the folders beside one that is not there.
func siblings(dir string) (names []string) {
	entries, err := os.ReadDir(filepath.Dir(filepath.Clean(dir)))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// below finds the first few folders of evidence in a folder.
func below(dir string) (found []string) {
	root := filepath.Clean(dir)
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real // the walk itself follows no link
	}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch depth := strings.Count(strings.TrimPrefix(path, root), string(filepath.Separator)); {
		case err != nil, depth > deepest+1, len(found) == mostNamed:
			return fs.SkipDir
		case d.Name() == RunFile:
			found = append(found, filepath.Dir(path))
			return fs.SkipDir
		}
		return nil
	})
	return found
}
