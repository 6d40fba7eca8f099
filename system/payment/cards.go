package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

// RegisterCard keeps a token for its user. The same key gives the same reference.
func (s *Service) RegisterCard(ctx context.Context, user UserID, key, token string) (ref CardRef, err error) {
	if key == "" || len(key) > longestToken*2 {
		return "", problem.InvalidFields(problem.Field{Name: "Idempotency-Key", Problem: "send a header of 1 to 200 characters that is new for each card, such as a UUID"})
	}
	if err := checkToken(token); err != nil {
		return "", err
	}
	err = s.db.InTx(ctx, "register card", func(ctx context.Context, tx *store.Tx) error {
		ref = CardRef("card_" + uuid.Must(uuid.NewV7()).String())
		_, err := tx.Exec(ctx, `INSERT INTO cards (ref, user_id, idempotency_key, token, registered_us) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			ref, user, key, token, store.Micros(s.now()))
		if err != nil {
			return fmt.Errorf("insert card: %w", err)
		}
		var kept string
		err = tx.QueryRow(ctx, `SELECT ref, token FROM cards WHERE user_id = $1 AND idempotency_key = $2`, user, key).Scan(&ref, &kept)
		if err == nil && kept != token {
			return problem.New(problem.Conflict, "idempotency_key_reused", "this Idempotency-Key was used for a different card: send a new key with each card")
		}
		return err
	})
	return ref, err
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
