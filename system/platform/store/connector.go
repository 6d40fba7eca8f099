package store

import (
	"context"
	"database/sql/driver"
	"errors"
)

// connector makes the connections of a pool.
type connector struct {
	dialect *dialect
	open    func(context.Context) (session, error)
	link    string // host:port of the link's responder; empty: none
}

// Connect dials the link first, where there is one, because an absent one is the cheaper thing to find out.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	made := &conn{dialect: c.dialect}
	if c.link != "" {
		w, err := dial(ctx, c.link)
		if err != nil {
			return nil, c.failed(ctx, err)
		}
		made.wire = w
	}
	s, err := c.open(ctx)
	if err != nil {
		if made.wire != nil {
			err = errors.Join(err, made.wire.Close())
		}
		return nil, c.failed(ctx, err)
	}
	made.session = s
	return made, nil
}

// failed gives an error its meaning: whatever keeps us from connecting, it is the database that is away, unless another
// process holds it for a moment.
func (c connector) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ended(ctx, err)
	}
	if err = c.dialect.classify(err, nil); lost(err) {
		return err
	}
	return away(err)
}

// Driver is asked for by the interface; nobody looks a driver up by name here.
func (c connector) Driver() driver.Driver { return nil }
