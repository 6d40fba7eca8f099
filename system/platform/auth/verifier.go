package auth

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

const (
	// keysLife is how old the keys may be before they are fetched again in the background.
	keysLife = 5 * time.Minute
	// fetchPause keeps tokens with unknown key ids from making us hammer the signer.
	fetchPause = 500 * time.Millisecond
	// leeway forgives clocks that differ.
	leeway = 5 * time.Second
)

// Verifier checks access tokens against the signer's public keys, which it fetches and keeps. When the signer is away the
// kept keys go on serving; only a token signed by a key that was never seen cannot be judged then.
type Verifier struct {
	tel   *telemetry.Telemetry
	fetch func(context.Context) ([]byte, error)

	fetching sync.Mutex // one fetch at a time
	mu       sync.Mutex
	keys     PublicKeys
	asked    time.Time
	failed   error
	seen     seen
}

// NewVerifier makes a verifier that gets the JWKS document from fetch.
func NewVerifier(tel *telemetry.Telemetry, fetch func(context.Context) ([]byte, error)) *Verifier {
	return &Verifier{tel: tel, fetch: fetch}
}

// Run fetches the keys at once and then now and then, until ctx ends.
func (v *Verifier) Run(ctx context.Context) error {
	for {
		pause := keysLife
		if v.Refresh(ctx) != nil {
			pause = fetchPause
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// Verify gives the identity that an access token carries.
func (v *Verifier) Verify(ctx context.Context, token string) (Identity, error) {
	if i, ok := v.seen.get(token, time.Now()); ok {
		return i, nil
	}
	var c claims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(Issuer),
		jwt.WithExpirationRequired(), jwt.WithLeeway(leeway))
	_, err := parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		return v.key(ctx, id)
	})
	switch {
	case err == nil && c.Subject != "":
		i := Identity{UserID: c.Subject, Roles: c.Roles, Token: token}
		v.seen.put(token, verified{i, c.ExpiresAt.Time})
		return i, nil
	case errors.Is(err, jwt.ErrTokenExpired):
		return Identity{}, problem.New(problem.Unauthenticated, "token_expired", "the access token has expired: refresh it at POST /v1/sessions/refresh")
	case problem.CodeOf(err) == problem.Unavailable:
		return Identity{}, err
	}
	return Identity{}, problem.Wrap(err, problem.Unauthenticated, "token_invalid", "the access token is not one of ours: log in again")
}

// key gives a public key by its id, fetching the document once more when the id is new.
func (v *Verifier) key(ctx context.Context, id string) (any, error) {
	if key, ok := v.known(id); ok {
		return key, nil
	}
	if err := v.Refresh(ctx); err != nil {
		return nil, problem.Wrap(err, problem.Unavailable, "keys_unavailable", "tokens cannot be verified just now: try again").After(time.Second)
	}
	if key, ok := v.known(id); ok {
		return key, nil
	}
	return nil, errors.New("token names an unknown key") // its id is whatever the client wrote there
}

func (v *Verifier) known(id string) (any, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	key, ok := v.keys[id]
	return key, ok
}

// Refresh fetches the keys unless that was just done; then it gives the same answer again.
func (v *Verifier) Refresh(ctx context.Context) error {
	v.fetching.Lock()
	defer v.fetching.Unlock()
	v.mu.Lock()
	recent, failed := time.Since(v.asked) < fetchPause, v.failed
	v.mu.Unlock()
	if recent {
		return failed
	}
	keys, err := v.load(ctx)
	if problem.CodeOf(err) == problem.Canceled {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked, v.failed = time.Now(), err
	if err != nil {
		v.tel.Log.Warn().Ctx(ctx).Err(err).Int("kept", len(v.keys)).Msg("public keys not refreshed")
		return err
	}
	if !maps.EqualFunc(keys, v.keys, func(a, b ed25519.PublicKey) bool { return a.Equal(b) }) {
		v.seen.forget()
	}
	v.keys = keys
	return nil
}

func (v *Verifier) load(ctx context.Context) (PublicKeys, error) {
	doc, err := v.fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetch public keys: %w", err)
	}
	return ParseJWKS(doc)
}
