package events

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stormglass/system/platform/store"
)

// setAside is how long the relay leaves an event alone that the broker refused.
const setAside = time.Minute

// How many rows one statement writes and how many ids it names. SQLite looks up each parameter of a statement among all
// of them, so a few middling statements cost less than a large one.
const (
	insertRows = 32
	namedIDs   = 100
)

// insertOutbox writes new events, which until leaseEnd only the owner sends.
func insertOutbox(ctx context.Context, tx *store.Tx, owner string, leaseEnd time.Time, batch []Event) error {
	for part := range slices.Chunk(batch, insertRows) {
		args := append(make([]any, 0, 2+7*len(part)), owner, leaseEnd.UnixMicro())
		for _, e := range part {
			carried, err := json.Marshal(e.Trace)
			if err != nil {
				return fmt.Errorf("encode trace of event %s: %w", e.ID, err)
			}
			data := e.Data
			if data == nil {
				data = []byte{} // a message with no field set; NULL would be something else
			}
			args = append(args, e.ID, e.Type, e.Key, e.Time.UnixMicro(), e.CorrelationID, string(carried), data)
		}
		_, err := tx.Exec(ctx, `INSERT INTO outbox (owner, lease_us, id, type, key, time_us, correlation, trace, data) VALUES `+rowsOf("$1,$2,", 3, len(part), 7), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// claim marks what was confirmed, sets aside what was refused, and leases at most limit events of the table: those of
// nobody, and our own, which we hold in vain when we ask. All in one transaction.
func (o *Outbox) claim(ctx context.Context, limit int) ([]Event, error) {
	var batch []Event
	now := time.Now()
	err := o.db.InTxReadCommitted(ctx, "relay "+o.backlog, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := update(ctx, tx, `UPDATE outbox SET sent_us = $1 WHERE id IN `, now, o.confirmed); err != nil {
			return fmt.Errorf("mark %d events as sent: %w", len(o.confirmed), err)
		}
		if err := update(ctx, tx, `UPDATE outbox SET owner = '', lease_us = $1 WHERE id IN `, now.Add(setAside), o.refused); err != nil {
			return fmt.Errorf("set aside %d events: %w", len(o.refused), err)
		}
		batch = nil
		if limit > 0 {
			batch, err = claimRows(ctx, tx, o.tel.Instance, now, limit)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	o.confirmed, o.refused = nil, nil
	return batch, nil
}

// update runs a statement whose $1 is a time for all ids.
func update(ctx context.Context, tx *store.Tx, statement string, at time.Time, ids []string) error {
	for part := range slices.Chunk(ids, namedIDs) {
		args := append(make([]any, 0, 1+len(part)), at.UnixMicro())
		for _, id := range part {
			args = append(args, id)
		}
		if _, err := tx.Exec(ctx, statement+rowsOf("", 2, 1, len(part)), args...); err != nil {
			return err
		}
	}
	return nil
}

// claimRows repeats the lease's condition outside the sub-query: on PostgreSQL two instances may see the same rows there,
// and only the outer condition is looked at again after waiting for the other.
func claimRows(ctx context.Context, tx *store.Tx, owner string, now time.Time, limit int) ([]Event, error) {
	rows, err := tx.Query(ctx, `
		UPDATE outbox SET owner = $1, lease_us = $2
		WHERE id IN (SELECT id FROM outbox WHERE sent_us = 0 AND (lease_us < $3 OR owner = $1) ORDER BY id LIMIT $4)
			AND sent_us = 0 AND (lease_us < $3 OR owner = $1)
		RETURNING id, type, key, time_us, correlation, trace, data`,
		owner, now.Add(lease).UnixMicro(), now.UnixMicro(), limit)
	if err != nil {
		return nil, fmt.Errorf("claim events: %w", err)
	}
	defer rows.Close()
	var batch []Event
	for rows.Next() {
		var e Event
		var us int64
		var carried string
		if err := rows.Scan(&e.ID, &e.Type, &e.Key, &us, &e.CorrelationID, &carried, &e.Data); err != nil {
			return nil, fmt.Errorf("read claimed event: %w", err)
		}
		if err := json.Unmarshal([]byte(carried), &e.Trace); err != nil {
			return nil, fmt.Errorf("read trace of event %s: %w", e.ID, err)
		}
		e.Time = store.Time(us)
		batch = append(batch, e)
	}
	slices.SortFunc(batch, func(a, b Event) int { return strings.Compare(a.ID, b.ID) })
	return batch, rows.Err()
}

// rowsOf writes rows of placeholders from $first on, each after a prefix: rowsOf("$1,", 2, 2, 3) is
// "($1,$2,$3,$4),($1,$5,$6,$7)".
func rowsOf(prefix string, first, rows, columns int) string {
	var b strings.Builder
	b.Grow(rows * (len(prefix) + 5*columns + 3))
	for row := range rows {
		if row > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		b.WriteString(prefix)
		for column := range columns {
			if column > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(first + row*columns + column))
		}
		b.WriteByte(')')
	}
	return b.String()
}
