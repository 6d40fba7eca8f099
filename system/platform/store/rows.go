package store

import (
	"context"
	"database/sql/driver"
	"io"
)

// rows are a query's answer whose errors have their meaning too.
type rows struct {
	driver.Rows
	conn   *conn
	ctx    context.Context // the query's, which its rows are read under
	closed bool
}

// Next gives the next row, or io.EOF.
func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == nil || err == io.EOF {
		return err
	}
	return r.conn.fail(r.ctx, err)
}

// Close frees the connection for the next statement.
func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.conn.open--
	if err := r.Rows.Close(); err != nil && r.conn.failed == nil {
		return r.conn.fail(r.ctx, err)
	}
	return nil
}

// ColumnTypeDatabaseTypeName gives a column's type as the driver knows it, or "".
func (r *rows) ColumnTypeDatabaseTypeName(index int) string {
	if typed, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return typed.ColumnTypeDatabaseTypeName(index)
	}
	return ""
}
