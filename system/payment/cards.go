package payment

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

// RegisterCard keeps a token for its user. The same key gives the same reference, and so does the same token under another key.
func (s *Service) RegisterCard(ctx context.Context, user UserID, key, token string) (ref CardRef, err error) {
	if key == "" || len(key) > longestToken*2 {
		return "", problem.InvalidFields(problem.Field{Name: "Idempotency-Key", Problem: "send a header of 1 to 200 characters that is new for each card, such as a UUID"})
	}
	if err := checkToken(token); err != nil {
		return "", err
	}
	err = s.db.InTx(ctx, "register card", func(ctx context.Context, tx *store.Tx) error {
		if ref, err = refOfKey(ctx, tx, user, key, token); ref != "" || err != nil {
			return err
		}
		first, err := refOfToken(ctx, tx, user, token)
		if err != nil {
			return err
		}
		own := CardRef("card_" + uuid.Must(uuid.NewV7()).String())
		ref = cmp.Or(first, own)
		_, err = tx.Exec(ctx, `INSERT INTO cards (ref, user_id, idempotency_key, token, registered_us, same_as) VALUES ($1, $2, $3, $4, $5, $6)`,
			own, user, key, token, store.Micros(s.now()), first)
		if err != nil {
			return fmt.Errorf("insert card: %w", err)
		}
		return nil
	})
	return ref, err
}

// refOfKey gives the reference that a key was answered with, or "".
func refOfKey(ctx context.Context, tx *store.Tx, user UserID, key, token string) (ref CardRef, err error) {
	var kept string
	err = tx.QueryRow(ctx, `SELECT CASE same_as WHEN '' THEN ref ELSE same_as END, token FROM cards WHERE user_id = $1 AND idempotency_key = $2`, user, key).Scan(&ref, &kept)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read card of key: %w", err)
	case kept != token:
		return "", problem.New(problem.Conflict, "idempotency_key_reused", "this Idempotency-Key was used for a different card: send a new key with each card")
	}
	return ref, nil
}

// refOfToken gives the reference of a card that its user registered before, or "".
func refOfToken(ctx context.Context, tx *store.Tx, user UserID, token string) (ref CardRef, err error) {
	err = tx.QueryRow(ctx, `SELECT ref FROM cards WHERE user_id = $1 AND token = $2 AND same_as = ''`, user, token).Scan(&ref)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read card of token: %w", err)
	}
	return ref, nil
}

// token gives the token of a user's card. A reference that is not theirs is as absent as one that does not exist.
func token(ctx context.Context, tx *store.Tx, user UserID, ref CardRef) (string, bool, error) {
	var t string
	err := tx.QueryRow(ctx, `SELECT token FROM cards WHERE ref = $1 AND user_id = $2`, ref, user).Scan(&t)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read card: %w", err)
	}
	return t, true, nil
}
