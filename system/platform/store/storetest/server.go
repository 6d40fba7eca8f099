package storetest

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// cleanLimit bounds the removal of a schema.
const cleanLimit = 10 * time.Second

// run runs one statement as the administrator.
func run(ctx context.Context, admin *url.URL, statement string) error {
	c, err := pgx.Connect(ctx, admin.String())
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement)
	return errors.Join(err, c.Close(ctx))
}

// schema creates an empty schema, which its URL makes the only one in sight. To a test it is a database of its own, but
// it takes a millisecond where a database takes 150.
func schema(ctx context.Context, admin *url.URL) (own string, drop func() error, err error) {
	name := "t" + uuid.NewString()[:8]
	if err := run(ctx, admin, "CREATE SCHEMA "+name); err != nil {
		return "", nil, err
	}
	drop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), cleanLimit) // the test's own has ended by now
		defer cancel()
		return run(ctx, admin, "DROP SCHEMA "+name+" CASCADE")
	}
	u := *admin
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), drop, nil
}
