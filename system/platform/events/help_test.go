package events_test

import (
	"context"
	"testing"
	"testing/fstest"

	"stormglass/system/platform/store"
)

// effects is the table of a service in these tests.
func effects() store.Migrations {
	return store.Migrations{Name: "effects", Files: fstest.MapFS{"00001_effects.sql": &fstest.MapFile{Data: []byte(`
-- +goose Up
CREATE TABLE effects (event_id TEXT PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE parents (id TEXT PRIMARY KEY);
CREATE TABLE children (parent TEXT NOT NULL REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
-- +goose Down
DROP TABLE children;
DROP TABLE parents;
DROP TABLE effects;
`)}}}
}

// goRun runs work until the test ends, and waits for it. It returns a function that stops it earlier.
func goRun(tb testing.TB, name string, work func(context.Context) error) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := work(ctx); err != nil {
			tb.Errorf("%s: %v", name, err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	tb.Cleanup(stop)
	return stop
}
