package nottested

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEachLineIsWrittenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not-tested")
	t.Setenv("NOT_TESTED", path)
	for _, line := range []string{"a: no b", "c: no d", "a: no b"} {
		if err := Note(line); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "a: no b\nc: no d\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestWhatCannotBeNotedIsAnError(t *testing.T) {
	t.Setenv("NOT_TESTED", filepath.Join(t.TempDir(), "nowhere", "not-tested"))
	if err := Note("a: no b"); err == nil {
		t.Error("a line was written into a folder that is not there")
	}
}

func TestAnEndIsASkipOrAFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not-tested")
	t.Setenv("NOT_TESTED", path)
	ended := t.Run("skipped", func(t *testing.T) {
		Skip(t, "REQUIRE_NOTHING", "a: no b")
		t.Error("it went on")
	})
	if got, err := os.ReadFile(path); !ended || err != nil || string(got) != "a: no b\n" {
		t.Errorf("got %v, %q, %v", ended, got, err)
	}
	t.Setenv("REQUIRE_NOTHING", "1")
	f := &failing{TB: t}
	func() {
		defer func() { _ = recover() }()
		Skip(f, "REQUIRE_NOTHING", "a: no b")
	}()
	if f.said != "a: no b" {
		t.Errorf("what is required was not missed: %q", f.said)
	}
}

// failing is a test that ends by a panic.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper() {}
func (f *failing) Fatal(args ...any) {
	f.said, _ = args[0].(string)
	panic(f)
}
