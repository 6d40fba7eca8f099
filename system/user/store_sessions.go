package user

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"stormglass/system/platform/store"
)

const tokenColumns = `digest, family, user_id, issued_us, expires_us, used_us, successor, revoked_us`

func insertRefreshToken(ctx context.Context, tx *store.Tx, t refreshToken) error {
	_, err := tx.Exec(ctx, `INSERT INTO refresh_tokens (`+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.digest, t.family, t.user, store.Micros(t.issued), store.Micros(t.expires), store.Micros(t.used), t.successor, store.Micros(t.revoked))
	if err != nil {
		return fmt.Errorf("insert refresh token: %w", err)
	}
	return nil
}

// refreshTokenByDigest gives a token's row; false when there is none.
func refreshTokenByDigest(ctx context.Context, tx *store.Tx, digest string) (t refreshToken, found bool, err error) {
	var issued, expires, used, revoked int64
	err = tx.QueryRow(ctx, `SELECT `+tokenColumns+` FROM refresh_tokens WHERE digest = $1`, digest).
		Scan(&t.digest, &t.family, &t.user, &issued, &expires, &used, &t.successor, &revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return refreshToken{}, false, nil
	}
	if err != nil {
		return refreshToken{}, false, fmt.Errorf("read refresh token: %w", err)
	}
	t.issued, t.expires, t.used, t.revoked = store.Time(issued), store.Time(expires), store.Time(used), store.Time(revoked)
	return t, true, nil
}

// useRefreshToken marks a token as traded for its sealed successor.
func useRefreshToken(ctx context.Context, tx *store.Tx, digest, successor string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE refresh_tokens SET used_us = $1, successor = $2 WHERE digest = $3 AND used_us = 0`, store.Micros(now), successor, digest)
	if err != nil {
		return fmt.Errorf("mark refresh token as used: %w", err)
	}
	return nil
}

func revokeFamily(ctx context.Context, tx *store.Tx, family string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE refresh_tokens SET revoked_us = $1 WHERE family = $2 AND revoked_us = 0`, store.Micros(now), family)
	if err != nil {
		return fmt.Errorf("revoke refresh tokens: %w", err)
	}
	return nil
}

// deleteExpired removes tokens that ended before then, at most so many at once.
func deleteExpired(ctx context.Context, tx *store.Tx, then time.Time, limit int) (int64, error) {
	n, err := tx.Exec(ctx, `DELETE FROM refresh_tokens WHERE digest IN (SELECT digest FROM refresh_tokens WHERE expires_us < $1 LIMIT $2)`, store.Micros(then), limit)
	if err != nil {
		return 0, fmt.Errorf("delete expired refresh tokens: %w", err)
	}
	return n, nil
}
