package events

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stormglass/system/platform/store"
)

// setAside is how long the relay leaves an event alone that the broker refused.
const setAside = time.Minute

// insertOutbox writes all events by one statement.
func insertOutbox(ctx context.Context, tx *store.Tx, owner string, leaseEnd time.Time, batch []Event) error {
	args := make([]any, 0, 9*len(batch))
	for _, e := range batch {
		carried, err := json.Marshal(e.Trace)
		if err != nil {
			return fmt.Errorf("encode trace of event %s: %w", e.ID, err)
		}
		data := e.Data
		if data == nil {
			data = []byte{} // a message with no field set; NULL would be something else
		}
		args = append(args, e.ID, e.Type, e.Key, e.Time.UnixMicro(), e.CorrelationID, string(carried), data, owner, leaseEnd.UnixMicro())
	}
	_, err := tx.Exec(ctx, `INSERT INTO outbox (id, type, key, time_us, correlation, trace, data, owner, lease_us) VALUES `+values(1, len(batch), 9), args...)
	return err
}

// claim marks what was confirmed, sets aside what was refused, and leases at most limit events of the table: those of
// nobody, and our own, which we hold in vain when we ask. All in one transaction.
func (o *Outbox) claim(ctx context.Context, limit int) ([]Event, error) {
	var batch []Event
	now := time.Now()
	err := o.db.InTx(ctx, "relay "+o.backlog, func(ctx context.Context, tx *store.Tx) (err error) {
		if len(o.confirmed) > 0 {
			if _, err := tx.Exec(ctx, `UPDATE outbox SET sent_us = $1 WHERE id IN `+values(2, 1, len(o.confirmed)), with(o.confirmed, now.UnixMicro())...); err != nil {
				return fmt.Errorf("mark %d events as sent: %w", len(o.confirmed), err)
			}
		}
		if len(o.refused) > 0 {
			if _, err := tx.Exec(ctx, `UPDATE outbox SET owner = '', lease_us = $1 WHERE id IN `+values(2, 1, len(o.refused)), with(o.refused, now.Add(setAside).UnixMicro())...); err != nil {
				return fmt.Errorf("set aside %d events: %w", len(o.refused), err)
			}
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

// values writes rows of placeholders from $first on: values(1, 2, 3) is "($1,$2,$3),($4,$5,$6)".
func values(first, rows, columns int) string {
	var b strings.Builder
	for row := range rows {
		if row > 0 {
			b.WriteByte(',')
		}
		for column := range columns {
			b.WriteByte("(,"[min(column, 1)])
			fmt.Fprintf(&b, "$%d", first+row*columns+column)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// with gives first and then the ids, as arguments.
func with(ids []string, first any) []any {
	args := make([]any, 0, 1+len(ids))
	args = append(args, first)
	for _, id := range ids {
		args = append(args, id)
	}
	return args
}
