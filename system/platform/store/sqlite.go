package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"
	"time"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// sqliteSettings are those of every connection. The write-ahead log is durable at each commit, is folded back into the
// file every 1,000 pages of 4 KiB, and is cut to 16 MiB when it has grown beyond. The wait for another process's write
// is short, because nothing can interrupt it: beginSQLite repeats it.
var sqliteSettings = []string{
	"busy_timeout(50)", "foreign_keys(1)", "synchronous(FULL)", "cache_size(-1024)", "temp_store(MEMORY)",
	"wal_autocheckpoint(1000)", "journal_size_limit(16777216)",
}

// maxStatements is how many prepared statements a connection keeps. A service's own are a few dozen.
const maxStatements = 128

func newSQLite() *dialect {
	return &dialect{name: "sqlite", goose: "sqlite3", begin: beginSQLite, classify: classifySQLite}
}

// sqliteSource names the file as the driver wants it. Writers also turn the write-ahead log on; readers cannot write.
func sqliteSource(path string, reader bool) string {
	settings := url.Values{"_dqs": {"0"}, "_pragma": append([]string{"journal_mode(WAL)"}, sqliteSettings...)}
	if reader {
		settings["_pragma"] = append([]string{"query_only(1)"}, sqliteSettings...)
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}).String()
}

// beginSQLite takes the write lock at once, so that a transaction never finds out late that it cannot write. Only
// another process can hold it, for the pool has one writer.
func beginSQLite(ctx context.Context, s session, m mode) error {
	if m == reading {
		_, err := s.exec(ctx, "BEGIN", nil)
		return err
	}
	for end := time.Now().Add(stepLimit); ; {
		_, err := s.exec(ctx, "BEGIN IMMEDIATE", nil)
		if !isSQLite(err, codes.SQLITE_BUSY) || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

// sqliteConn is what the driver's connection can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Validator
}

// sqliteStmt is what the driver's prepared statement can do.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// sqliteSession is one open file with its prepared statements.
type sqliteSession struct {
	sqliteConn
	statements map[string]sqliteStmt
}

func openSQLite(source string) func(context.Context) (session, error) {
	return func(ctx context.Context) (session, error) {
		connector, err := sqlite.NewConnector(source)
		if err != nil {
			return nil, err
		}
		c, err := connector.Connect(ctx)
		if err != nil {
			return nil, err
		}
		return &sqliteSession{sqliteConn: c.(sqliteConn), statements: map[string]sqliteStmt{}}, nil
	}
}

// prepared gives the statement for a text. When there are too many they are all closed: texts that are made up as one
// goes must not pile up, and nothing is open that could need one, because rows are closed before the next statement.
func (s *sqliteSession) prepared(ctx context.Context, query string) (sqliteStmt, error) {
	if kept, ok := s.statements[query]; ok {
		return kept, nil
	}
	if len(s.statements) >= maxStatements {
		if err := s.forget(); err != nil {
			return nil, err
		}
	}
	made, err := s.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	statement := made.(sqliteStmt)
	s.statements[query] = statement
	return statement, nil
}

func (s *sqliteSession) forget() error {
	var failed error
	for _, statement := range s.statements {
		failed = errors.Join(failed, statement.Close())
	}
	clear(s.statements)
	return failed
}

func (s *sqliteSession) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	statement, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args)
}

func (s *sqliteSession) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	statement, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args)
}

// commit is not interrupted: it is a write to the local disk, and half of it would leave its outcome open.
func (s *sqliteSession) commit(ctx context.Context) error {
	_, err := s.exec(context.WithoutCancel(ctx), "COMMIT", nil)
	if isSQLite(err, codes.SQLITE_IOERR) {
		return errors.Join(errUnknown, err) // the log may hold it, and the next start would find it there
	}
	return err
}

func (s *sqliteSession) usable() bool { return s.IsValid() }

func (s *sqliteSession) reset(context.Context) error {
	if !s.IsValid() {
		return driver.ErrBadConn
	}
	return nil
}

func (s *sqliteSession) Close() error { return errors.Join(s.forget(), s.sqliteConn.Close()) }

func isSQLite(err error, primary int) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == primary
}

// classifySQLite goes by the result code. What speaks of the file rather than of the statement loses the transaction,
// also because SQLite may have rolled it back by itself.
func classifySQLite(err error, _ session) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_CONSTRAINT:
		return &ConstraintError{Rule: sqliteRule(e.Code()), Constraint: sqliteConstraint(e.Error()), cause: err}
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return contention(err)
	case codes.SQLITE_INTERRUPT:
		return late(err)
	case codes.SQLITE_ERROR, codes.SQLITE_MISMATCH, codes.SQLITE_RANGE, codes.SQLITE_TOOBIG, codes.SQLITE_MISUSE, codes.SQLITE_READONLY, codes.SQLITE_AUTH:
		return err
	}
	return away(err)
}

func sqliteRule(code int) Rule {
	switch code {
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY:
		return ForeignKey
	case codes.SQLITE_CONSTRAINT_CHECK:
		return Check
	case codes.SQLITE_CONSTRAINT_NOTNULL:
		return NotNull
	}
	return Unique
}

// sqliteConstraint finds the constraint in "constraint failed: UNIQUE constraint failed: orders.id (1555)".
func sqliteConstraint(message string) string {
	_, name, _ := strings.Cut(message, " constraint failed")
	if end := strings.LastIndex(name, " ("); end >= 0 {
		name = name[:end]
	}
	return strings.TrimPrefix(name, ": ")
}
