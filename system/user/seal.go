package user

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// errSealed says that something was sealed with another secret, for another owner, or damaged since.
var errSealed = errors.New("cannot be opened with this secret")

// box encrypts what must not be readable in the database, with AES-256-GCM.
type box struct{ aead cipher.AEAD }

// newBox derives the box's key from a secret, for one purpose alone.
func newBox(secret, purpose string) (box, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, purpose, 32)
	if err != nil {
		return box{}, fmt.Errorf("derive key for %s: %w", purpose, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return box{}, fmt.Errorf("make cipher for %s: %w", purpose, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return box{}, fmt.Errorf("make cipher for %s: %w", purpose, err)
	}
	return box{aead}, nil
}

// seal encrypts; the result opens only for the same owner.
func (b box) seal(plain []byte, owner string) string {
	return base64.RawStdEncoding.EncodeToString(b.aead.Seal(nil, nil, plain, []byte(owner)))
}

func (b box) open(sealed, owner string) ([]byte, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, errSealed
	}
	plain, err := b.aead.Open(nil, nil, raw, []byte(owner))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}
