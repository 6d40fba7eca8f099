package user

import (
	"context"
	"fmt"

	"stormglass/system/platform/store"
)

// putAddress adds an address or replaces the one of its id.
func putAddress(ctx context.Context, tx *store.Tx, owner ID, a Address) error {
	_, err := tx.Exec(ctx, `INSERT INTO addresses (user_id, id, name, street, postcode, city, country) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (user_id, id) DO UPDATE SET name = excluded.name, street = excluded.street, postcode = excluded.postcode, city = excluded.city, country = excluded.country`,
		owner, a.ID, a.Name, a.Street, a.Postcode, a.City, a.Country)
	if err != nil {
		return fmt.Errorf("put address: %w", err)
	}
	return nil
}

func deleteAddress(ctx context.Context, tx *store.Tx, owner ID, id AddressID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM addresses WHERE user_id = $1 AND id = $2`, owner, id); err != nil {
		return fmt.Errorf("delete address: %w", err)
	}
	return nil
}

func addressesOf(ctx context.Context, tx *store.Tx, owner ID) ([]Address, error) {
	rows, err := tx.Query(ctx, `SELECT id, name, street, postcode, city, country FROM addresses WHERE user_id = $1 ORDER BY id`, owner)
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	defer rows.Close()
	var all []Address
	for rows.Next() {
		var a Address
		if err := rows.Scan(&a.ID, &a.Name, &a.Street, &a.Postcode, &a.City, &a.Country); err != nil {
			return nil, fmt.Errorf("read address: %w", err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}
