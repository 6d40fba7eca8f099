package user

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// spare is how much longer than its tokens live a key stays published, for clocks that differ.
const spare = time.Minute

// schedule says when signing keys come and go.
//
//	created ──Activation──▶ signs ──Rotation──▶ successor signs ──Token──▶ unpublished
//	   └───────────────────── published ─────────────────────────────────────┘
type schedule struct {
	// Rotation is how long after a key the next one is made.
	Rotation time.Duration
	// Activation is how long a new key is published before it signs, so that everybody has it by then.
	Activation time.Duration
	// Token is how long an access token lives.
	Token time.Duration
}

// signingKey is one row. Private is sealed.
type signingKey struct {
	sequence int64
	id       string
	public   ed25519.PublicKey
	private  string
	created  time.Time
	signs    time.Time
}

// keys are the signing keys in the database. No instance keeps any of them in memory, so two instances always agree.
type keys struct {
	tel      *telemetry.Telemetry
	db       *store.DB
	box      box
	schedule schedule
	now      func() time.Time
}

// rotate removes keys whose last token has expired, and makes the next key when it is time. The very first one signs at
// once.
func (k *keys) rotate(ctx context.Context) error {
	now := k.now()
	err := k.db.InTx(ctx, "rotate keys", func(ctx context.Context, tx *store.Tx) error {
		if err := deleteKeysBefore(ctx, tx, now.Add(-k.schedule.Token-spare)); err != nil {
			return err
		}
		newest, found, err := newestKey(ctx, tx)
		if err != nil || found && newest.created.Add(k.schedule.Rotation).After(now) {
			return err
		}
		next, err := k.successor(newest, now)
		if err != nil {
			return err
		}
		tx.AfterCommit(func() {
			k.tel.Log.Info().Str("key_id", next.id).Time("signs_from", next.signs).Msg("signing key made")
		})
		return insertKey(ctx, tx, next)
	})
	if errors.Is(err, store.ErrConflict) { // another instance was faster
		return nil
	}
	return err
}

// successor makes the key that follows one, or the first when that is the zero key.
func (k *keys) successor(of signingKey, now time.Time) (signingKey, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return signingKey{}, fmt.Errorf("make signing key: %w", err)
	}
	next := signingKey{sequence: of.sequence + 1, id: uuid.NewString(), public: public, created: now}
	next.private = k.box.seal(private.Seed(), next.id)
	if of.sequence > 0 {
		next.signs = now.Add(k.schedule.Activation)
	}
	return next, nil
}

// signing gives the key that signs now.
func (k *keys) signing(ctx context.Context, tx *store.Tx) (auth.Key, error) {
	row, err := keySigningAt(ctx, tx, k.now())
	if err != nil {
		return auth.Key{}, err
	}
	seed, err := k.box.open(row.private, row.id)
	if err != nil {
		return auth.Key{}, fmt.Errorf("open signing key %s: KEYS_SECRET is not the one that it was sealed with: %w", row.id, err)
	}
	return auth.Key{ID: row.id, Private: ed25519.NewKeyFromSeed(seed)}, nil
}

// check finds out whether the secret fits the keys that are there.
func (k *keys) check(ctx context.Context) error {
	return k.db.Read(ctx, "check keys", func(ctx context.Context, tx *store.Tx) error {
		_, err := k.signing(ctx, tx)
		return err
	})
}

// document gives all published keys as a JWKS document.
func (k *keys) document(ctx context.Context) (doc []byte, err error) {
	err = k.db.Read(ctx, "read public keys", func(ctx context.Context, tx *store.Tx) error {
		published, err := publishedKeys(ctx, tx)
		if err != nil {
			return err
		}
		doc, err = auth.MarshalJWKS(published)
		return err
	})
	return doc, err
}

// keep rotates keys every so often until ctx ends.
func (k *keys) keep(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := k.rotate(ctx); err != nil && problem.CodeOf(err) != problem.Canceled {
			k.tel.Log.Warn().Err(err).Msg("signing keys not rotated")
		}
	}
}

func encodeKey(key ed25519.PublicKey) string { return base64.RawURLEncoding.EncodeToString(key) }

func decodeKey(s string) (ed25519.PublicKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("not an Ed25519 public key")
	}
	return raw, nil
}
