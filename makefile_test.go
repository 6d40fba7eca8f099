package stormglass

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMakeInstallsToolsInACheckoutOfAnyName had no rule for a tool where the checkout's path has a blank.
func TestMakeInstallsToolsInACheckoutOfAnyName(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Fatal(err) // README.md: you need make
	}
	checkout := filepath.Join(t.TempDir(), "c# %41?&'\" x:y;$(z)")
	for name, text := range map[string]string{"Makefile": read(t, "Makefile"), "tools/go.mod": "module tools\n"} {
		path := filepath.Join(checkout, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("make", "--silent", "--no-print-directory", `GO=sh -c "printenv GOBIN" go`, "bin/tools/buf")
	cmd.Dir = checkout
	said, err := cmd.CombinedOutput()
	if got, want := strings.TrimSpace(string(said)), filepath.Join(checkout, "bin", "tools"); err != nil || got != want {
		t.Errorf("got the folder %q (%v) for tools, want %q", got, err, want)
	}
}
