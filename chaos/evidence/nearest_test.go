package evidence

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFolderWithoutEvidenceNamesTheNearestThatHasSome(t *testing.T) {
	root := t.TempDir()
	dark := filepath.Join(root, "latest", "dark")
	for _, dir := range []string{filepath.Join(dark, "logs"), filepath.Join(root, "empty")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteJSON(filepath.Join(dark, RunFile), Run{}); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		filepath.Join(root, "latest"):         "there is one in " + dark,
		filepath.Join(dark, "logs"):           "is a part of the evidence in " + dark,
		filepath.Join(root, "latest", "drak"): "did you mean " + dark + "?",
		filepath.Join(root, "empty"):          "holds no run.json; it is made by stormglass run",
		filepath.Join(root, "elsewhere"):      "there is no folder " + filepath.Join(root, "elsewhere"),
	} {
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", dir, err, want)
		}
	}
}
