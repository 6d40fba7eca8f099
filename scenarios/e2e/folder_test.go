package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"stormglass/internal/await"
)

// TestTheShopWorksInAFolderOfAnyName had the URLs of databases cut off at a number sign: all services opened one file outside the
// cell, which stayed. A percent sign ended the start.
func TestTheShopWorksInAFolderOfAnyName(t *testing.T) {
	for name, args := range map[string][]string{
		"up":  {"up", "--probe"},
		"run": {"run", filepath.Join("scenarios", "e2e", "testdata", "plain.yaml")},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			folder := filepath.Join(parent, "c# %41?&'\" [x] * {data} $(y);") // in ASCII: ps shows other characters in its own way
			if err := os.Mkdir(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			h := stormglassIn(t, folder, args...)
			<-h.ended
			if code := shellCode(h.cmd.ProcessState); code != 0 {
				t.Errorf("got exit code %d\n%s", code, h.says())
			}
			await.NoError(t, h.left)
			entries, err := os.ReadDir(parent)
			if err != nil || len(entries) != 1 {
				t.Errorf("got %v (%v) beside the folder, want nothing", entries, err)
			}
			if name != "run" {
				return
			}
			if code, said := h.check(filepath.Join(h.out, "latest", "plain")); code != 0 {
				t.Errorf("judged again: got exit code %d\n%s", code, said)
			}
		})
	}
}
