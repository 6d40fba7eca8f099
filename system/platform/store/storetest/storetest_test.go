package storetest

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestEachGivesEmptyDatabasesOfBothKinds(t *testing.T) {
	seen := map[string]bool{}
	Each(t, func(t *testing.T, url string) {
		db := Open(t, url)
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		seen[db.Dialect()] = true
	})
	if !seen["sqlite"] {
		t.Errorf("saw %v, want sqlite", seen)
	}
}

func TestWhatATestWroteIsDroppedWithIt(t *testing.T) {
	var url string
	t.Run("inner", func(t *testing.T) { url = Postgres(t) })
	if url == "" {
		t.Skip("PostgreSQL is missing, as the inner test says")
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	var schema *string
	if err := c.QueryRow(t.Context(), "SELECT current_schema()").Scan(&schema); err != nil || schema != nil {
		t.Errorf("the schema %v is still there (%v)", schema, err)
	}
}
