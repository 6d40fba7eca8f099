// Package auth tells who is calling: identities in contexts, the signed tokens that carry them, and the public keys that
// verify these.
//
// Tokens are JWTs signed with Ed25519 (RFC 8037). Only the service that owns accounts signs; every service verifies by
// itself with cached public keys, so that no call depends on the signer being there.
package auth

import (
	"context"
	"slices"

	"stormglass/system/platform/problem"
)

// Issuer is the `iss` of every access token.
const Issuer = "stormglass-shop"

// Identity is who calls, as their token says.
type Identity struct {
	UserID string
	Roles  []string
	// Token is the access token itself; it travels on with calls to neighbours.
	Token string
}

// Has says whether the identity carries a role.
func (i Identity) Has(role string) bool { return slices.Contains(i.Roles, role) }

type identityKey struct{}

// With puts an identity into a context.
func With(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, i)
}

// From gives the identity of a context, if there is one.
func From(ctx context.Context) (Identity, bool) {
	i, ok := ctx.Value(identityKey{}).(Identity)
	return i, ok
}

// Require gives the identity of a context, or the problem that a caller without one gets.
func Require(ctx context.Context) (Identity, error) {
	i, ok := From(ctx)
	if !ok {
		return Identity{}, problem.New(problem.Unauthenticated, "token_missing", "this needs an access token: log in and send it as `Authorization: Bearer …`")
	}
	return i, nil
}

// RequireRole gives the identity of a context when it carries the role.
func RequireRole(ctx context.Context, role string) (Identity, error) {
	i, err := Require(ctx)
	if err == nil && !i.Has(role) {
		err = problem.New(problem.Denied, "role_missing", "this needs the role %q", role)
	}
	return i, err
}
