package store

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
)

// Table is what the audit shows of one table, under a name that checkers know.
type Table struct{ Name, Query string }

// auditBuffer is how much of an audit is made before the first byte goes out; until then it can still fail politely.
const auditBuffer = 64 << 10

// Audit serves GET /audit: every row of the tables as they stood together at one moment, streamed.
//
//	{"service":"order","tables":{"orders":[{"id":"…","state":"confirmed"}],"outbox":[]}}
//
// Column names are the queries'. An audit that breaks off in the middle aborts the connection, so nobody takes it for
// whole.
func (db *DB) Audit(mux *http.ServeMux, service string, tables ...Table) {
	mux.HandleFunc("GET /audit", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		sent := &countingWriter{to: w}
		out := bufio.NewWriterSize(sent, auditBuffer)
		one := &run{name: "audit", mode: reading, fn: func(ctx context.Context, tx *Tx) error {
			return (&audit{out: out}).write(ctx, tx, service, tables)
		}}
		err := errors.Join(db.round(r.Context(), db.readers, one), one.own) // one round: what was sent cannot be taken back
		if err == nil {
			err = out.Flush()
		}
		if err == nil {
			return
		}
		db.tel.Log.Error().Ctx(r.Context()).Err(err).Msg("audit failed")
		if sent.n > 0 {
			panic(http.ErrAbortHandler)
		}
		http.Error(w, "the database cannot be read", http.StatusServiceUnavailable)
	})
}

type countingWriter struct {
	to http.ResponseWriter
	n  int
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += n
	return n, err
}

// audit writes one audit. After its first error it writes no more.
type audit struct {
	out *bufio.Writer
	err error
}

func (a *audit) write(ctx context.Context, tx *Tx, service string, tables []Table) error {
	a.text(`{"service":`).value(service).text(`,"tables":{`)
	for i, t := range tables {
		a.separator(i).value(t.Name).text(":[")
		if err := a.rows(ctx, tx, t.Query); err != nil {
			return err
		}
		a.text("]")
	}
	return a.text("}}\n").err
}

func (a *audit) rows(ctx context.Context, tx *Tx, query string) error {
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for n := 0; rows.Next() && a.err == nil; n++ {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		a.separator(n).row(columns, values)
	}
	if a.err != nil {
		return a.err
	}
	return rows.Err()
}

func (a *audit) row(columns []*sql.ColumnType, values []any) {
	a.text("{")
	for i, c := range columns {
		a.separator(i).value(c.Name()).text(":").value(plain(c, values[i]))
	}
	a.text("}")
}

// plain shows a value alike from both databases: SQLite keeps a BOOLEAN as 0 or 1.
func plain(c *sql.ColumnType, value any) any {
	if n, ok := value.(int64); ok && c.DatabaseTypeName() == "BOOLEAN" {
		return n != 0
	}
	return value
}

func (a *audit) separator(i int) *audit {
	if i > 0 {
		a.text(",")
	}
	return a
}

func (a *audit) text(s string) *audit {
	if a.err == nil {
		_, a.err = a.out.WriteString(s)
	}
	return a
}

func (a *audit) value(v any) *audit {
	if a.err != nil {
		return a
	}
	var encoded []byte
	if encoded, a.err = json.Marshal(v); a.err == nil {
		_, a.err = a.out.Write(encoded)
	}
	return a
}
