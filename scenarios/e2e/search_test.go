package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// findings are the files below a shop's folder in which each of some texts was found.
type findings map[string][]string

// search reads every file below some paths of the shop's folder, byte by byte: a database with its write-ahead log is
// nothing but bytes. It says how many files it read.
func (s *shop) search(paths []string, texts ...string) (found findings, files int) {
	s.t.Helper()
	found = findings{}
	for _, path := range paths {
		err := filepath.WalkDir(filepath.Join(s.dir, path), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			name, err := filepath.Rel(s.dir, path)
			for _, text := range texts {
				if bytes.Contains(content, []byte(text)) {
					found[text] = append(found[text], name)
				}
			}
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return found, files
}

// spoken are the files in which the shop speaks to those who run it.
func spoken() []string { return []string{"logs", "traces.jsonl"} }

// kept are those in which it keeps what it knows: databases, broker, documents, and the books of the companies outside.
func kept() []string { return []string{"data"} }

// mustHold fails the test unless a text is in a file of each of these names: a search that cannot find what is there
// proves nothing by finding nothing.
func (f findings) mustHold(t testing.TB, text string, names ...string) {
	t.Helper()
	for _, name := range names {
		if !slices.ContainsFunc(f[text], func(file string) bool { return strings.Contains(file, name) }) {
			t.Errorf("%q was looked for in %s and not found, though it must be there; found in %v", text, name, f[text])
		}
	}
}

// mustNotHold fails the test for each text that was found.
func (f findings) mustNotHold(t testing.TB, texts map[string]string) {
	t.Helper()
	for what, text := range texts {
		if len(f[text]) > 0 {
			t.Errorf("%s is in %v", what, f[text])
		}
	}
}
