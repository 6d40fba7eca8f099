package user

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

func (w world) rotate() {
	w.t.Helper()
	if err := w.keys.rotate(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// published gives the ids of the public keys, sorted.
func (w world) published() []string {
	w.t.Helper()
	doc, err := w.keys.document(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	public, err := auth.ParseJWKS(doc)
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(public))
}

// signer gives the id of the key that signs now.
func (w world) signer() (id string) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), "signer", func(ctx context.Context, tx *store.Tx) error {
		key, err := w.keys.signing(ctx, tx)
		id = key.ID
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestANewKeyIsPublishedBeforeItSignsAndTheOldOneAsLongAsItsTokensLive(t *testing.T) {
	each(t, func(w world) {
		first := w.signer()
		w.advance(24*time.Hour - time.Second)
		w.rotate()
		if got := w.published(); len(got) != 1 {
			t.Fatalf("a second before the rotation %d keys are published, want 1", len(got))
		}
		w.advance(time.Second)
		w.rotate()
		if got := w.published(); len(got) != 2 || w.signer() != first {
			w.t.Fatalf("after the rotation %d keys are published and %s signs, want 2 and still %s", len(got), w.signer(), first)
		}
		w.advance(15 * time.Minute) // the activation
		w.rotate()
		second := w.signer()
		if second == first || len(w.published()) != 2 {
			w.t.Fatalf("after the activation %d keys are published and %s signs, want 2 and another than the first", len(w.published()), second)
		}
		w.advance(15*time.Minute + spare - time.Second) // the last token of the first key
		w.rotate()
		if got := w.published(); len(got) != 2 {
			w.t.Errorf("while tokens of the first key live %d keys are published, want 2", len(got))
		}
		w.advance(time.Second)
		w.rotate()
		if got := w.published(); !slices.Equal(got, []string{second}) {
			w.t.Errorf("after that got %v, want %s alone", got, second)
		}
	})
}

func TestTokensStayGoodThroughARotation(t *testing.T) {
	each(t, func(w world) {
		w.lives.Access = 48 * time.Hour // by the wall clock, which verifiers read; the service's own runs ahead
		w.keys.schedule.Token = 48 * time.Hour
		old := w.session()
		w.advance(24 * time.Hour)
		w.rotate()
		w.advance(time.Hour)
		w.rotate()
		fresh := w.refresh(old.Refresh)
		v := auth.NewVerifier(telemetry.Discard("order"), w.keys.document)
		for name, token := range map[string]string{"old": old.Access, "fresh": fresh.Access} {
			if _, err := v.Verify(w.t.Context(), token); err != nil {
				w.t.Errorf("%s token: %v", name, err)
			}
		}
	})
}

func TestTwoInstancesMakeOneKey(t *testing.T) {
	each(t, func(w world) {
		w.advance(24 * time.Hour)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := w.keys.rotate(w.t.Context()); err != nil {
					w.t.Error(err)
				}
			})
		}
		all.Wait()
		if got := w.published(); len(got) != 2 {
			w.t.Errorf("%d keys are published, want 2", len(got))
		}
	})
}

func TestPrivateKeysAreSealedInTheDatabase(t *testing.T) {
	each(t, func(w world) {
		var key auth.Key
		var row signingKey
		err := w.db.Read(w.t.Context(), "signer", func(ctx context.Context, tx *store.Tx) (err error) {
			if row, err = keySigningAt(ctx, tx, w.read()); err != nil {
				return err
			}
			key, err = w.keys.signing(ctx, tx)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
		kept, err := base64.RawStdEncoding.DecodeString(row.private)
		if err != nil || len(kept) <= len(key.Private.Seed()) || bytes.Contains(kept, key.Private.Seed()) {
			w.t.Errorf("the database holds %d bytes, %v, want the seed sealed", len(kept), err)
		}
		other := *w.keys
		other.box, err = newBox("another secret, also long enough", "private signing keys")
		if err != nil {
			w.t.Fatal(err)
		}
		if err := other.check(w.t.Context()); !errors.Is(err, errSealed) {
			w.t.Errorf("with another secret: got %v, want errSealed", err)
		}
		if err := w.keys.check(w.t.Context()); err != nil {
			w.t.Errorf("with its own secret: %v", err)
		}
	})
}

func TestOnlyWhoHasTheRoleIsStaff(t *testing.T) {
	each(t, func(w world) {
		w.registered()
		for range 2 {
			if err := promote(w.t.Context(), w.db, "ada@example.org", Staff, w.read()); err != nil {
				w.t.Fatal(err)
			}
		}
		w.wantCount(1, `SELECT COUNT(*) FROM users WHERE roles = '["staff"]'`)
		err := promote(w.t.Context(), w.db, "nobody@example.org", Staff, w.read())
		if err == nil || problem.CodeOf(err) != problem.Internal {
			w.t.Errorf("an unknown account: got %v", err)
		}
	})
}
