package dashboards

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stormglass/dashboards/board"
)

// Files gives the contents of all generated files by their paths below the target folder.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, page := range All() {
		plain, err := page.JSON()
		if err != nil {
			return nil, err
		}
		shared, err := page.Export()
		if err != nil {
			return nil, err
		}
		files[fileName(page)] = plain
		files[filepath.Join("export", fileName(page))] = shared
	}
	return files, nil
}

// fileName is the UID without the family's name.
func fileName(page board.Dashboard) string {
	return strings.TrimPrefix(page.UID, page.Tag+"-") + ".json"
}

// Write makes the folder hold the generated files, in place of what JSON it held.
func Write(dir string) error {
	files, err := Files()
	if err != nil {
		return err
	}
	for _, pattern := range []string{"*.json", "export/*.json"} {
		old, err := fs.Glob(os.DirFS(dir), pattern)
		if err != nil {
			return fmt.Errorf("list old files: %w", err)
		}
		for _, name := range old {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("remove old file: %w", err)
			}
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "export"), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return fmt.Errorf("write dashboard: %w", err)
		}
	}
	return nil
}
