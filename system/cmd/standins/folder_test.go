package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"stormglass/system/platform/boot"
)

const quotes = `'"`

// awkwardFolder makes a folder whose name holds characters that URLs, shells, patterns and configuration files give a meaning to.
// More characters come at the end of the name. When the test ends, nothing may lie beside the folder.
func awkwardFolder(t *testing.T, more string) string {
	t.Helper()
	name := "c# %41?& [x] * $(y) `z` ;ü" + more
	parent := t.TempDir()
	folder := filepath.Join(parent, name)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		entries, err := os.ReadDir(parent)
		if err != nil || len(entries) != 1 {
			t.Errorf("got %v (%v) in the parent folder, want nothing but %q", entries, err, name)
		}
	})
	return folder
}

// TestDocumentsStayInAFolderOfAnyName had FerretDB cut the path of its files at a number sign, and find none of them again where
// the path is no pattern that matches itself.
func TestDocumentsStayInAFolderOfAnyName(t *testing.T) {
	folder := awkwardFolder(t, quotes)
	p := begin(t, prepare(t, "documents", folder))
	if _, err := documentsAt(t, p.addr["mongo"]).InsertOne(t.Context(), bson.M{"price": 1}); err != nil {
		t.Fatalf("insert: %v", err)
	}
	p.kill()
	next := p.again(t)
	if n, err := documentsAt(t, next.addr["mongo"]).CountDocuments(t.Context(), bson.M{}); err != nil || n != 1 {
		t.Errorf("found %d documents after a restart, %v, want 1", n, err)
	}
	if code := next.stop(t); code != boot.ExitOK {
		t.Errorf("got exit code %d, want 0\n%s", code, &next.output)
	}
	entries, err := os.ReadDir(filepath.Join(folder, "documents"))
	if err != nil || !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "product.sqlite" }) {
		t.Errorf("got %v (%v) in the folder of documents, want product.sqlite", entries, err)
	}
}
