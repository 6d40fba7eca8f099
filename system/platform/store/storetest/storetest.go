// Package storetest runs a test on every database that platform/store knows: SQLite in a temporary folder, and
// PostgreSQL, on the server that STORE_TEST_POSTGRES_URL names or on one that it starts from the machine's own programs.
package storetest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// missing is what a run without PostgreSQL says.
const missing = "not tested: PostgreSQL is not installed (Debian: apt-get install postgresql)"

// Each runs a test as one subtest per kind of database, each time with the URL of an empty one.
func Each(t *testing.T, run func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { run(t, Postgres(t)) })
}

// Open opens a database for a test, without a policy, and closes it when the test ends.
func Open(tb testing.TB, url string, sets ...store.Migrations) *store.DB {
	tb.Helper()
	db, err := store.Open(tb.Context(), telemetry.Discard("test"), nil, url, sets...)
	if err != nil {
		tb.Fatalf("open database: %v", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(tb.Context()); err != nil {
			tb.Errorf("close database: %v", err)
		}
	})
	return db
}

// SQLite gives the URL of an empty SQLite database.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return "sqlite://" + filepath.Join(tb.TempDir(), "test.db")
}

// Postgres gives the URL of an empty PostgreSQL database (a schema of its own, in fact), which is dropped when the test
// ends; close what uses it before. Where there is no PostgreSQL the test is skipped, and the file that NOT_TESTED names says so too; with REQUIRE_POSTGRES=1 it fails.
func Postgres(tb testing.TB) string {
	tb.Helper()
	s, err := shared()
	if err != nil {
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	if s == nil {
		without(tb)
	}
	url, drop, err := s.schema(tb.Context())
	if err != nil {
		tb.Fatalf("create schema: %v", err)
	}
	tb.Cleanup(func() {
		if err := drop(); err != nil {
			tb.Errorf("drop schema: %v", err)
		}
	})
	return url
}

// without ends a test that needs PostgreSQL on a machine that has none.
func without(tb testing.TB) {
	tb.Helper()
	if os.Getenv("REQUIRE_POSTGRES") == "1" {
		tb.Fatal(missing)
	}
	tb.Skip(missing)
}

// note tells the one who started the run, in the file that NOT_TESTED names, what was not tested.
func note() error {
	path := os.Getenv("NOT_TESTED")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("note what is not tested: %w", err)
	}
	_, err = fmt.Fprintf(f, "%s: %s\n", filepath.Base(os.Args[0]), missing)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}
