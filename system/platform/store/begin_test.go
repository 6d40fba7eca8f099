package store

import (
	"context"
	"net/url"
	"path/filepath"
	"testing"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// TestATransactionCutShortWhileItBeginsLeavesNoneOpen has a caller give up just when the transaction begins. The driver
// for SQLite may then say that a BEGIN was interrupted which has been carried out; whoever got that connection next would
// find a transaction under way, and its lock would be held for ever.
func TestATransactionCutShortWhileItBeginsLeavesNoneOpen(t *testing.T) {
	db, err := Open(t.Context(), telemetry.Discard("test"), nil, (&url.URL{Scheme: "sqlite", Path: filepath.Join(t.TempDir(), "test.db")}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	begin := db.dialect.begin
	db.dialect.begin = func(step context.Context, s session, m mode) error {
		if err := begin(step, s, m); err != nil || ctx.Err() != nil {
			return err
		}
		cancel()
		return step.Err()
	}

	if err := db.InTx(ctx, "cut short", nothing); problem.CodeOf(err) != problem.Canceled {
		t.Errorf("got %v, want word that the caller left", err)
	}
	if err := db.InTx(t.Context(), "afterwards", nothing); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
}
