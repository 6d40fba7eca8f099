package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Key is a signing key with the id that tokens name it by.
type Key struct {
	ID      string
	Private ed25519.PrivateKey
}

type claims struct {
	jwt.RegisteredClaims
	Roles []string `json:"roles,omitempty"`
}

// Sign makes an access token for the identity that is good for ttl from now.
func Sign(k Key, i Identity, now time.Time, ttl time.Duration) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: Issuer, Subject: i.UserID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
		Roles: i.Roles,
	})
	token.Header["kid"] = k.ID
	signed, err := token.SignedString(k.Private)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return signed, nil
}

// PublicKeys are the keys that may have signed a token, by id.
type PublicKeys map[string]ed25519.PublicKey

// jwk is one Ed25519 key of a JWKS document (RFC 7517, RFC 8037).
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	X     string `json:"x"`
}

type jwks struct {
	Keys []jwk `json:"keys"`
}

// MarshalJWKS writes the keys as a JWKS document.
func MarshalJWKS(keys PublicKeys) ([]byte, error) {
	doc := jwks{Keys: []jwk{}}
	for id, key := range keys {
		doc.Keys = append(doc.Keys, jwk{"OKP", "Ed25519", id, "sig", base64.RawURLEncoding.EncodeToString(key)})
	}
	return json.Marshal(doc)
}

// ParseJWKS reads a JWKS document; keys of other types are left out.
func ParseJWKS(doc []byte) (PublicKeys, error) {
	var parsed jwks
	if err := json.Unmarshal(doc, &parsed); err != nil {
		return nil, fmt.Errorf("parse JWKS: %w", err)
	}
	keys := PublicKeys{}
	for _, k := range parsed.Keys {
		if k.Type != "OKP" || k.Curve != "Ed25519" {
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(k.X)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("parse JWKS: key %q: not an Ed25519 public key", k.ID)
		}
		keys[k.ID] = raw
	}
	if len(keys) == 0 {
		return nil, errors.New("parse JWKS: no Ed25519 key in it")
	}
	return keys, nil
}
