package user

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/store"
)

const keyColumns = `sequence, id, public, private, created_us, signs_us`

// insertKey adds a key. store.ErrConflict means that it has been followed already.
func insertKey(ctx context.Context, tx *store.Tx, k signingKey) error {
	_, err := tx.Exec(ctx, `INSERT INTO keys (`+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
		k.sequence, k.id, encodeKey(k.public), k.private, store.Micros(k.created), store.Micros(k.signs))
	if err != nil {
		return fmt.Errorf("insert signing key: %w", err)
	}
	return nil
}

// deleteKeysBefore removes the keys that stopped signing before then.
func deleteKeysBefore(ctx context.Context, tx *store.Tx, then time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM keys WHERE sequence < (SELECT MAX(sequence) FROM keys WHERE signs_us <= $1)`, store.Micros(then))
	if err != nil {
		return fmt.Errorf("delete old signing keys: %w", err)
	}
	return nil
}

// newestKey gives the last key that was made; false when there is none.
func newestKey(ctx context.Context, tx *store.Tx) (signingKey, bool, error) {
	k, err := scanKey(tx.QueryRow(ctx, `SELECT `+keyColumns+` FROM keys ORDER BY sequence DESC LIMIT 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return signingKey{}, false, nil
	}
	return k, err == nil, err
}

// keySigningAt gives the key whose turn it is.
func keySigningAt(ctx context.Context, tx *store.Tx, now time.Time) (signingKey, error) {
	return scanKey(tx.QueryRow(ctx, `SELECT `+keyColumns+` FROM keys WHERE signs_us <= $1 ORDER BY sequence DESC LIMIT 1`, store.Micros(now)))
}

func publishedKeys(ctx context.Context, tx *store.Tx) (auth.PublicKeys, error) {
	rows, err := tx.Query(ctx, `SELECT `+keyColumns+` FROM keys`)
	if err != nil {
		return nil, fmt.Errorf("list signing keys: %w", err)
	}
	defer rows.Close()
	published := auth.PublicKeys{}
	for rows.Next() {
		k, err := scanKey(rows)
		if err != nil {
			return nil, err
		}
		published[k.id] = k.public
	}
	return published, rows.Err()
}

func scanKey(row scanner) (signingKey, error) {
	var k signingKey
	var public string
	var created, signs int64
	if err := row.Scan(&k.sequence, &k.id, &public, &k.private, &created, &signs); err != nil {
		return signingKey{}, fmt.Errorf("read signing key: %w", err)
	}
	var err error
	if k.public, err = decodeKey(public); err != nil {
		return signingKey{}, fmt.Errorf("read signing key %s: %w", k.id, err)
	}
	k.created, k.signs = store.Time(created), store.Time(signs)
	return k, nil
}
