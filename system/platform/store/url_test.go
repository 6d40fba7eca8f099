package store_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

func TestAWrongURLIsAUsageErrorThatSaysWhatToWrite(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                            "sqlite:///folder/file.db",
		"mysql://localhost/x":                         `"mysql"`,
		"sqlite://x.db":                               "absolute path",
		"sqlite:///nowhere/at/all/x.db":               "/nowhere/at/all/x.db",
		"sqlite:///tmp/x.db?mode=memory":              `"mode"`,
		"sqlite:///tmp/c#/x.db":                       "%23",
		"sqlite:///tmp/x.db#":                         "%23",
		"sqlite:///tmp/x.db?link=here":                `link="here"`,
		"sqlite:///tmp/x.db?max_conns=none":           `max_conns="none"`,
		"postgres://u:hush@localhost/x?max_conns=0":   `max_conns="0"`,
		"postgres://u:hush@localhost:port/x":          "port",
		"postgres://u:hush@localhost/x?sslmode=perha": "sslmode",
	} {
		_, err := store.Open(t.Context(), telemetry.Discard("bank"), nil, raw)
		if !errors.Is(err, boot.ErrUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want a usage error with %q in it", raw, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: the message shows the password: %v", raw, err)
		}
	}
}

func TestASQLiteFileIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c# %41?&' x", "test.db")
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	seed(t, storetest.Open(t, (&url.URL{Scheme: "sqlite", Path: path}).String(), accounts))
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		must(t, err)
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), got)
		}
	}
}
