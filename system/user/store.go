package user

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"

	"stormglass/system/platform/store"
)

//go:embed migrations/*.sql
var files embed.FS

func migrations() store.Migrations { return store.Embedded("user", files) }

// audit is what /audit shows: nothing by which a person is known, and nothing that opens anything.
func audit() []store.Table {
	return []store.Table{
		{Name: "users", Query: `SELECT id, roles, version, created_us, updated_us FROM users ORDER BY id`},
		{Name: "addresses", Query: `SELECT user_id, id FROM addresses ORDER BY user_id, id`},
		{Name: "keys", Query: `SELECT sequence, id, public, created_us, signs_us FROM keys ORDER BY sequence`},
		{Name: "refresh_tokens", Query: `SELECT family, user_id, issued_us, expires_us, used_us, revoked_us FROM refresh_tokens ORDER BY family, issued_us`},
	}
}

// scanner is a row, alone or one of many.
type scanner interface{ Scan(into ...any) error }

const userColumns = `id, email, name, phone, password, roles, version, registration_key, created_us, updated_us`

// insertUser adds an account. store.ErrConflict means that its e-mail or its key is taken.
func insertUser(ctx context.Context, tx *store.Tx, u User) error {
	roles, err := json.Marshal(u.Roles)
	if err != nil {
		return fmt.Errorf("encode roles: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO users (`+userColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		u.ID, u.Email, u.Name, u.Phone, u.Password, string(roles), u.Version, u.Key, store.Micros(u.Created), store.Micros(u.Updated))
	if err != nil {
		return fmt.Errorf("insert user: %w", err)
	}
	return nil
}

// updateUser writes an account down as it is now. store.ErrConflict means that its e-mail is taken.
func updateUser(ctx context.Context, tx *store.Tx, u User) error {
	roles, err := json.Marshal(u.Roles)
	if err != nil {
		return fmt.Errorf("encode roles: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE users SET email = $1, name = $2, phone = $3, password = $4, roles = $5, version = $6, updated_us = $7 WHERE id = $8`,
		u.Email, u.Name, u.Phone, u.Password, string(roles), u.Version, store.Micros(u.Updated), u.ID)
	if err != nil {
		return fmt.Errorf("update user %s: %w", u.ID, err)
	}
	return nil
}

// renewPassword replaces the hash of a password by another one of the same password.
func renewPassword(ctx context.Context, tx *store.Tx, u User, by hash) error {
	if by == u.Password {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE users SET password = $1 WHERE id = $2 AND password = $3`, by, u.ID, u.Password); err != nil {
		return fmt.Errorf("renew hash of user %s: %w", u.ID, err)
	}
	return nil
}

func userByID(ctx context.Context, tx *store.Tx, id ID) (User, bool, error) {
	return scanUser(tx.QueryRow(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`, id))
}

func userByEmail(ctx context.Context, tx *store.Tx, email Email) (User, bool, error) {
	return scanUser(tx.QueryRow(ctx, `SELECT `+userColumns+` FROM users WHERE email = $1`, email))
}

func userByKey(ctx context.Context, tx *store.Tx, key string) (User, bool, error) {
	return scanUser(tx.QueryRow(ctx, `SELECT `+userColumns+` FROM users WHERE registration_key = $1`, key))
}

// scanUser reads an account; false when there is none.
func scanUser(row scanner) (u User, found bool, err error) {
	var roles string
	var created, updated int64
	err = row.Scan(&u.ID, &u.Email, &u.Name, &u.Phone, &u.Password, &roles, &u.Version, &u.Key, &created, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, false, nil
	}
	if err != nil {
		return User{}, false, fmt.Errorf("read user: %w", err)
	}
	if err := json.Unmarshal([]byte(roles), &u.Roles); err != nil {
		return User{}, false, fmt.Errorf("decode roles of user %s: %w", u.ID, err)
	}
	u.Created, u.Updated = store.Time(created), store.Time(updated)
	return u, true, nil
}
