package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Bounds that the server keeps for us, where the URL does not set its own.
const (
	connectTimeout   = 2 * time.Second
	statementTimeout = 10 * time.Second
	// lockTimeout is how long a statement waits for another transaction's lock. When that one commits, a serializable
	// transaction has lost anyway; and of two that wait for each other both would wait for the server's deadlock check,
	// a second by default, in which two instances with their batches do nothing else.
	lockTimeout = 200 * time.Millisecond
	// idleTimeout frees the locks of a client that stalled inside a transaction.
	idleTimeout = 10 * time.Second
	// userTimeout ends a connection whose data nobody acknowledges.
	userTimeout = 10 * time.Second
)

// migrationLock is the number of the advisory lock that a migrating transaction holds.
const migrationLock = 5021983417

// errClosed stands for driver.ErrBadConn, which database/sql would take as leave to act by itself.
var errClosed = errors.New("the connection is closed")

func newPostgres() *dialect {
	return &dialect{name: "postgres", goose: "postgres", begin: beginPostgres, classify: classifyPostgres, alone: "LOCK TABLE "}
}

// postgresConfig reads a URL and adds the bounds that it does not set.
func postgresConfig(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	for name, bound := range map[string]time.Duration{
		"statement_timeout": statementTimeout, "lock_timeout": lockTimeout, "idle_in_transaction_session_timeout": idleTimeout, "tcp_user_timeout": userTimeout,
	} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = strconv.FormatInt(bound.Milliseconds(), 10)
		}
	}
	return config, nil
}

// beginPostgres asks for the isolation that SQLite has by nature. A migration must see what others committed while it
// waited for its lock.
func beginPostgres(ctx context.Context, s session, m mode) error {
	start := map[mode]string{
		writing:          "BEGIN ISOLATION LEVEL SERIALIZABLE",
		writingCommitted: "BEGIN ISOLATION LEVEL READ COMMITTED",
		reading:          "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		migrating:        "BEGIN ISOLATION LEVEL READ COMMITTED",
	}[m]
	if _, err := s.exec(ctx, start, nil); err != nil {
		return err
	}
	if m == migrating {
		if _, err := s.exec(ctx, "SET LOCAL lock_timeout = 0", nil); err != nil { // whoever migrates first takes its time
			return err
		}
		_, err := s.exec(ctx, "SELECT pg_advisory_xact_lock($1)", []driver.NamedValue{{Ordinal: 1, Value: int64(migrationLock)}})
		return err
	}
	return nil
}

// postgresSession is one connection of pgx, which prepares each statement once by itself.
type postgresSession struct{ *stdlib.Conn }

func openPostgres(config *pgx.ConnConfig) func(context.Context) (session, error) {
	connector := stdlib.GetConnector(*config)
	return func(ctx context.Context) (session, error) {
		c, err := connector.Connect(ctx)
		if err != nil {
			return nil, err
		}
		return postgresSession{c.(*stdlib.Conn)}, nil
	}
}

func (s postgresSession) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := s.ExecContext(ctx, query, args)
	return result, unbadConn(err)
}

func (s postgresSession) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	result, err := s.QueryContext(ctx, query, args)
	return result, unbadConn(err)
}

func unbadConn(err error) error {
	if errors.Is(err, driver.ErrBadConn) {
		return errClosed
	}
	return err
}

// commit knows three ends: the server said COMMIT, or it certainly did not, or nobody knows. The driver's own word that
// nothing was sent counts only while the connection lives: it says the same of a connection that broke after the COMMIT
// had gone out.
func (s postgresSession) commit(ctx context.Context) error {
	if !s.usable() {
		return errClosed
	}
	tag, err := s.Conn.Conn().Exec(ctx, "COMMIT")
	switch {
	case err == nil && tag.String() == "COMMIT":
		return nil
	case err == nil:
		return errors.New("the server answered COMMIT with " + tag.String())
	case s.usable() && (pgconn.SafeToRetry(err) || refused(err)):
		return err
	}
	return errors.Join(errUnknown, err)
}

// refused says whether the server itself denied the COMMIT, rather than going away around it.
func refused(err error) bool {
	said, ok := errors.AsType[*pgconn.PgError](err)
	return ok && said.Code[:2] != "57"
}

func (s postgresSession) usable() bool { return !s.Conn.Conn().IsClosed() }

func (s postgresSession) reset(ctx context.Context) error { return s.ResetSession(ctx) }

// classifyPostgres goes by the class of SQLSTATE, the first two of its five characters, as in appendix A of
// PostgreSQL's manual.
func classifyPostgres(err error, s session) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if s == nil || !s.usable() {
			return away(err)
		}
		return err
	}
	switch e.Code {
	case "57014", "25P03", "25P04": // cancelled by a time-out of the server's
		return late(err)
	case "55P03", "40001", "40P01": // a lock not had, a serialization failure, a deadlock
		return contention(err)
	case "23505", "23P01":
		return postgresRule(Unique, e)
	case "23503":
		return postgresRule(ForeignKey, e)
	case "23514":
		return postgresRule(Check, e)
	case "23502":
		return postgresRule(NotNull, e)
	}
	switch e.Code[:2] {
	case "08", "53", "57", "58": // connection, resources, the operator, the system
		return away(err)
	}
	if s == nil || !s.usable() {
		return away(err)
	}
	return err
}

func postgresRule(rule Rule, e *pgconn.PgError) error {
	name := e.ConstraintName
	if name == "" {
		name = e.TableName + "." + e.ColumnName
	}
	return &ConstraintError{Rule: rule, Constraint: name, cause: e}
}
