// Package storetest runs a test on every database that platform/store knows: SQLite in a temporary folder, and
// PostgreSQL on the server that backendtest finds.
package storetest

import (
	"net/url"
	"path/filepath"
	"testing"

	"stormglass/system/platform/backendtest"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

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
	return (&url.URL{Scheme: "sqlite", Path: filepath.Join(tb.TempDir(), "test.db")}).String()
}

// Postgres gives the URL of an empty PostgreSQL database (a schema of its own, in fact), which is dropped when the test
// ends; close what uses it before. What a run without PostgreSQL does, backendtest says.
func Postgres(tb testing.TB) string {
	tb.Helper()
	url, drop, err := schema(tb.Context(), backendtest.Postgres(tb).URL())
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
