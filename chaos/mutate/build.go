package mutate

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build makes the system's programs with the mutant's edits in a folder of its own below dir, and returns that folder. A
// program of the system that the packages do not make is linked from bin.
func (m Mutant) Build(ctx context.Context, root, dir, bin string, programs, packages []string) (string, error) {
	sources, out := filepath.Join(dir, "sources"), filepath.Join(dir, "bin")
	for _, folder := range []string{sources, out} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return "", fmt.Errorf("make folder: %w", err)
		}
	}
	overlay, err := m.Apply(root, sources)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o644); err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-overlay", file, "-o", out + string(filepath.Separator)}, packages...)
	build := exec.CommandContext(ctx, "go", args...)
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build mutant %s: %w\n%s", m.Name, err, text)
	}
	for _, name := range programs {
		target := filepath.Join(out, name)
		if _, err := os.Stat(target); err == nil {
			continue
		}
		original, err := filepath.Abs(filepath.Join(bin, name))
		if err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		if err := os.Symlink(original, target); err != nil {
			return "", fmt.Errorf("link %s: %w", name, err)
		}
	}
	return out, nil
}
