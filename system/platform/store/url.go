package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"stormglass/system/platform/boot"
)

// Pool sizes where the URL does not set max_conns.
const (
	defaultConns   = 10 // PostgreSQL
	defaultReaders = 3  // SQLite, besides the one writer
)

// maxIdle is how long a connection to PostgreSQL rests before it is closed.
const maxIdle = 5 * time.Minute

// backend is what a URL asks for.
type backend struct {
	dialect                *dialect
	writer, reader         driver.Connector // reader is nil where one pool does both
	maxWriters, maxReaders int
}

// parse reads a database URL.
func parse(raw string) (*backend, error) {
	u, err := url.Parse(raw)
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err // the outer one repeats the URL, password and all
	}
	if err != nil {
		return nil, fmt.Errorf("%w: database URL: %w", boot.ErrUsage, err)
	}
	if u.Fragment != "" || strings.HasSuffix(raw, "#") {
		return nil, fmt.Errorf("%w: database URL is cut off at a #: write the character # of a path or password as %%23", boot.ErrUsage)
	}
	switch u.Scheme {
	case "sqlite":
		return parseSQLite(u)
	case "postgres", "postgresql":
		return parsePostgres(u)
	}
	return nil, fmt.Errorf("%w: database URL has the scheme %q: want postgres://user:password@host:5432/name or sqlite:///folder/file.db", boot.ErrUsage, u.Scheme)
}

func parseSQLite(u *url.URL) (*backend, error) {
	q := u.Query()
	readers, err := maxConns(q, defaultReaders)
	if err != nil {
		return nil, err
	}
	if u.Host != "" || u.Path == "" {
		return nil, fmt.Errorf("%w: database URL %q names no absolute path: want sqlite:///folder/file.db", boot.ErrUsage, u.Redacted())
	}
	link := q.Get("link")
	if _, _, err := net.SplitHostPort(link); link != "" && err != nil {
		return nil, fmt.Errorf("%w: database URL has link=%q: want host:port", boot.ErrUsage, link)
	}
	for name := range q {
		if name != "link" && name != "max_conns" {
			return nil, fmt.Errorf("%w: database URL has an unknown parameter %q: sqlite knows link and max_conns", boot.ErrUsage, name)
		}
	}
	if err := touch(u.Path); err != nil {
		return nil, fmt.Errorf("%w: database URL: %w", boot.ErrUsage, err)
	}
	d := newSQLite()
	return &backend{
		dialect:    d,
		writer:     connector{d, openSQLite(sqliteSource(u.Path, false)), link},
		reader:     connector{d, openSQLite(sqliteSource(u.Path, true)), link},
		maxWriters: 1, maxReaders: readers,
	}, nil
}

// touch makes sure that the file is there, and for its owner's eyes only; SQLite gives its log the same mode.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func parsePostgres(u *url.URL) (*backend, error) {
	q := u.Query()
	conns, err := maxConns(q, defaultConns)
	if err != nil {
		return nil, err
	}
	u.RawQuery = q.Encode()
	config, err := postgresConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("%w: database URL: %w", boot.ErrUsage, err)
	}
	d := newPostgres()
	return &backend{dialect: d, writer: connector{dialect: d, open: openPostgres(config)}, maxWriters: conns}, nil
}

// maxConns takes our own parameter out of a query.
func maxConns(q url.Values, otherwise int) (int, error) {
	text := q.Get("max_conns")
	q.Del("max_conns")
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1000 {
		return 0, fmt.Errorf("%w: database URL has max_conns=%q: want a number from 1 to 1000", boot.ErrUsage, text)
	}
	return n, nil
}

// pool opens a pool that keeps its connections.
func (b *backend) pool(c driver.Connector, size int) *sql.DB {
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	if b.reader == nil {
		pool.SetConnMaxIdleTime(maxIdle)
	}
	return pool
}
