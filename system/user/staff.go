package user

import (
	"context"
	"fmt"
	"time"

	"stormglass/system/api/links"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/service"
	"stormglass/system/platform/store"
)

// AddStaff lets an account run the shop: it gives it the role Staff, which the tokens of its next login or refresh
// carry. It is the operator's, and needs nothing but DATABASE_URL and a runtime named "user".
func AddStaff(ctx context.Context, rt *boot.Runtime, email string) error {
	var c struct {
		Database boot.Secret `env:"DATABASE_URL,required"`
	}
	if err := boot.Settings(&c); err != nil {
		return err
	}
	db, err := service.New(rt, links.Policy).Database(ctx, c.Database, migrations())
	if err != nil {
		return err
	}
	return promote(ctx, db, normal(email), Staff, time.Now())
}

// promote gives an account a role; one that has it keeps it.
func promote(ctx context.Context, db *store.DB, email Email, role string, now time.Time) error {
	return db.InTx(ctx, "promote user", func(ctx context.Context, tx *store.Tx) error {
		u, found, err := userByEmail(ctx, tx, email)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("%w: there is no account with the e-mail %q", boot.ErrUsage, email)
		}
		if !u.promote(role, now) {
			return nil
		}
		return updateUser(ctx, tx, u)
	})
}
