package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"stormglass/system/platform/problem"
)

// stepLimit bounds one step of a transaction whose context has no end of its own.
const stepLimit = 10 * time.Second

// rollbackLimit bounds how long a caller who has nothing more to expect is kept for a clean end.
const rollbackLimit = time.Second

// session is what the real drivers' connections have in common here.
type session interface {
	io.Closer
	exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error)
	query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error)
	// commit may answer errUnknown: nobody can say whether it happened.
	commit(ctx context.Context) error
	// usable says whether the connection can be used again.
	usable() bool
	// reset prepares a connection that rested in the pool, or answers driver.ErrBadConn to have it replaced.
	reset(ctx context.Context) error
}

// conn is one connection of a pool, and the state of the transaction on it. It sits below database/sql, so that each
// statement's error gets its meaning in one place, and above the driver, so that the link, where there is one, hears of
// each step first.
type conn struct {
	session
	dialect *dialect
	wire    *wire // nil: no link

	name   string // of the transaction under way
	mode   mode
	active bool
	failed error // why the transaction cannot go on
	broken bool  // the connection must not be used again
	open   int   // rows that are not closed
}

// begin starts a transaction.
func (c *conn) begin(ctx context.Context, name string, m mode) error {
	c.name, c.mode, c.failed, c.open = name, m, nil, 0
	if err := c.say(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := c.dialect.begin(ctx, c.session, m); err != nil {
		c.broken = ctx.Err() != nil // a BEGIN that was interrupted may have begun, and nobody must inherit that
		return c.unbegun(ctx, err)
	}
	c.active = true
	return nil
}

// ready refuses a step on a transaction that cannot go on.
func (c *conn) ready(ctx context.Context) error {
	switch {
	case c.failed != nil:
		return c.failed
	case ctx.Err() != nil:
		return c.fail(ctx, ctx.Err())
	case c.open > 0:
		c.failed = errRowsOpen
		return c.failed
	}
	return nil
}

// step is what stands before each statement.
func (c *conn) step(ctx context.Context) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	return c.say(ctx, "STATEMENT")
}

// say makes a round trip on the link. A failure loses the transaction and the connection.
func (c *conn) say(ctx context.Context, word string) error {
	if c.wire == nil {
		return nil
	}
	if err := c.wire.say(ctx, word, c.name); err != nil {
		c.broken = true
		return c.fail(ctx, err)
	}
	return nil
}

// meaning tells what an error says about the transaction.
func (c *conn) meaning(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ended(ctx, err)
	}
	return c.dialect.classify(err, c.session)
}

// unbegun gives an error of BEGIN its meaning. It is the database's, whatever it is: nobody has asked for anything yet.
func (c *conn) unbegun(ctx context.Context, err error) error {
	if c.fail(ctx, err); !lost(c.failed) {
		c.broken = true
		c.failed = away(err)
	}
	return c.failed
}

// fail gives an error its meaning and remembers it: the transaction cannot go on.
func (c *conn) fail(ctx context.Context, err error) error {
	c.failed = c.meaning(ctx, err)
	return c.failed
}

// ExecContext runs a statement.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.step(ctx); err != nil {
		return nil, err
	}
	result, err := c.session.exec(ctx, query, args)
	if err != nil {
		return nil, c.fail(ctx, err)
	}
	return result, nil
}

// QueryContext runs a query.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.step(ctx); err != nil {
		return nil, err
	}
	result, err := c.session.query(ctx, query, args)
	if err != nil {
		return nil, c.fail(ctx, err)
	}
	c.open++
	return &rows{Rows: result, conn: c, ctx: ctx}, nil
}

// aside runs a statement that makes no round trip of its own on the link.
func (c *conn) aside(ctx context.Context, statement string) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if _, err := c.session.exec(ctx, statement, nil); err != nil {
		return c.fail(ctx, err)
	}
	return nil
}

// takeBack undoes what happened since the savepoint, and with it the failure of a statement.
func (c *conn) takeBack(ctx context.Context, savepoint string) error {
	if lost(c.failed) {
		return c.failed
	}
	c.failed = nil
	return errors.Join(c.aside(ctx, "ROLLBACK TO SAVEPOINT "+savepoint), c.aside(ctx, "RELEASE SAVEPOINT "+savepoint))
}

// commit ends the transaction for good. Until the real COMMIT a failure means that nothing happened; from then on, that
// nobody knows.
func (c *conn) commit(ctx context.Context) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if c.mode == reading {
		return nil // end rolls back, which comes to the same
	}
	if err := c.say(ctx, "COMMIT"); err != nil {
		return err
	}
	if err := c.session.commit(ctx); errors.Is(err, errUnknown) {
		c.broken = true
		return unknown(err)
	} else if err != nil {
		return c.fail(ctx, err)
	}
	c.active = false
	if err := c.say(ctx, "COMMITTED"); err != nil {
		return unknown(err)
	}
	return nil
}

// end leaves the connection as the next transaction wants it, or marks it broken.
func (c *conn) end(ctx context.Context) {
	if !c.active {
		return
	}
	c.active = false
	if c.broken || !c.session.usable() {
		c.broken = true
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackLimit) // the caller may have left; the database must still hear it
	defer cancel()
	if c.mode != reading && c.say(ctx, "ROLLBACK") != nil {
		return
	}
	if _, err := c.session.exec(ctx, "ROLLBACK", nil); err != nil {
		c.broken = true
	}
}

// IsValid tells the pool whether to keep the connection.
func (c *conn) IsValid() bool { return !c.broken && !c.active && c.session.usable() }

// ResetSession tells the pool whether a connection that rested is still good.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.wire != nil && !c.wire.alive() {
		return driver.ErrBadConn
	}
	return c.session.reset(ctx)
}

// Close ends the connection.
func (c *conn) Close() error {
	if c.wire != nil {
		return errors.Join(c.wire.Close(), c.session.Close())
	}
	return c.session.Close()
}

// CheckNamedValue takes what both databases store alike, and what Valuers and kinds of those turn into.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	value, err := driver.DefaultParameterConverter.ConvertValue(v.Value)
	if err != nil {
		return fmt.Errorf("argument $%d: %w", v.Ordinal, err)
	}
	switch value := value.(type) {
	case time.Time:
		return fmt.Errorf("argument $%d is a time: store it as store.Micros(t), a BIGINT", v.Ordinal)
	case string:
		if !utf8.ValidString(value) || strings.ContainsRune(value, 0) { // PostgreSQL takes neither, SQLite both
			return problem.New(problem.Invalid, "bad_text", "text must be UTF-8 and must not contain the character NUL")
		}
	}
	v.Value = value
	return nil
}

// Prepare is asked for by the interface and never used: sessions keep their own prepared statements.
func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }

// Begin is asked for by the interface and never used: see begin.
func (c *conn) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }
