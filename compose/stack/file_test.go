package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALineOfVersionsThatIsNoSettingIsToldWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"# pinned\nA_IMAGE=a:1\nB_IMAGE b:2\n": ":3: expected a comment or NAME=value",
		"\ufeffA_IMAGE=a:1\n":                  ":1: expected a comment or NAME=value",
		"# nothing\n":                          "is empty, or has nothing but comments",
	} {
		path := filepath.Join(t.TempDir(), "versions.env")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readEnv(path); err == nil || !strings.Contains(err.Error(), path+want) && !strings.Contains(err.Error(), path+" "+want) {
			t.Errorf("%q: got %v, want %q and the file's name", text, err, want)
		}
	}
}

func TestASecondDocumentInALayerIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"versions.env": "A_IMAGE=a:1\n", "shop.yaml": "services: {}\n---\nservices: {lost: {image: a}}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Load(dir, "shop"); err == nil || !strings.Contains(err.Error(), "shop.yaml:2:1: a second document begins here") {
		t.Errorf("got %v, want word of the second document", err)
	}
}
