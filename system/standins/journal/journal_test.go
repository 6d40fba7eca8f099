package journal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"stormglass/system/standins/journal"
)

type note struct{ Text string }

func open(t *testing.T, path string) (*journal.Journal[note], []string) {
	t.Helper()
	var texts []string
	j, err := journal.Open(path, func(n note, _ journal.Place) error {
		texts = append(texts, n.Text)
		return nil
	})
	if err != nil {
		t.Fatalf("open journal: %v", err)
	}
	t.Cleanup(func() { _ = j.Close() }) // some tests have closed it already
	return j, texts
}

func appendNote(t *testing.T, j *journal.Journal[note], text string) journal.Place {
	t.Helper()
	at, err := j.Append(note{text})
	if err != nil {
		t.Fatalf("append %q: %v", text, err)
	}
	return at
}

func TestWhatWasSyncedIsThereAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "journal")
	j, _ := open(t, path)
	appendNote(t, j, "one")
	appendNote(t, j, "two\nlines")
	if err := j.Sync(); err != nil {
		t.Fatal(err)
	}
	_, got := open(t, path) // the first one is not closed: its process was killed
	if want := []string{"one", "two\nlines"}; !slices.Equal(got, want) {
		t.Errorf("replayed %q, want %q", got, want)
	}
}

func TestALineThatAKillCutShortIsDroppedAndWritingGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(path, []byte("{\"Text\":\"one\"}\n{\"Text\":\"tw"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, got := open(t, path)
	if want := []string{"one"}; !slices.Equal(got, want) {
		t.Errorf("replayed %q, want %q", got, want)
	}
	appendNote(t, j, "three")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, got := open(t, path); !slices.Equal(got, []string{"one", "three"}) {
		t.Errorf("replayed %q after writing on, want one and three", got)
	}
}

func TestADamagedLineNamesItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(path, []byte("{\"Text\":\"one\"}\nrubbish\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := journal.Open(path, func(note, journal.Place) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v, want one that names %s and line 2", err, path)
	}
}

func TestAnEntryIsReadBackByItsPlaceBeforeAndAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	appendNote(t, j, "one")
	at := appendNote(t, j, "two")
	appendNote(t, j, "three")
	if got, err := j.At(at); err != nil || got.Text != "two" {
		t.Errorf("got %q, %v, want two", got.Text, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, path)
	if got, err := again.At(at); err != nil || got.Text != "two" {
		t.Errorf("got %q, %v after reopening, want two", got.Text, err)
	}
}

func TestManyWritersAtOnceLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	var wg sync.WaitGroup
	const writers, each = 16, 25
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				text := fmt.Sprint(w, "-", i)
				at, err := j.Append(note{text})
				if err == nil {
					err = j.Sync()
				}
				if got, readErr := j.At(at); err != nil || readErr != nil || got.Text != text {
					t.Errorf("wrote %q, read %q: %v, %v", text, got.Text, err, readErr)
				}
			}
		})
	}
	wg.Wait()
	lines := 0
	if err := j.Lines(func([]byte) error { lines++; return nil }); err != nil || lines != writers*each {
		t.Errorf("counted %d lines, %v, want %d", lines, err, writers*each)
	}
	if _, got := open(t, path); len(got) != writers*each {
		t.Errorf("replayed %d entries, want %d", len(got), writers*each)
	}
}

func TestAFailedWriteIsToldToEveryoneAfterIt(t *testing.T) {
	j, _ := open(t, filepath.Join(t.TempDir(), "journal"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	appendNote(t, j, "lost")
	for range 2 {
		if err := j.Sync(); err == nil {
			t.Error("got no error from a journal that cannot write")
		}
	}
}
