package notification

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"stormglass/system/platform/store"
	"stormglass/system/platform/work"
)

//go:embed migrations/*.sql
var files embed.FS

func migrations() store.Migrations { return store.Embedded("notification", files) }

// audit is what /audit shows: neither where people are reached nor what they were told. An attempt counts as unanswered
// from the moment that its message is claimed until its answer is written down, so a sender that dies leaves it counted.
func audit() []store.Table {
	return []store.Table{
		{Name: "contacts", Query: `SELECT user_id, version FROM contacts ORDER BY user_id`},
		{Name: "messages", Query: `SELECT id, event_id, channel, kind, user_id, order_id, state, reason, attempts, attempts - answered AS unanswered, since_us, done_us FROM messages ORDER BY id`},
	}
}

// toDo is the table of messages as durable work for one company.
func toDo(db *store.DB, c Company) work.Table[Message] {
	return work.Table[Message]{
		DB: db, Name: "messages", Key: "id", Due: `state = 'due' AND company = '` + string(c) + `'`,
		Columns: `id, event_id, channel, kind, user_id, order_id, facts, correlation, trace, since_us, attempts,
			COALESCE((SELECT email FROM contacts WHERE contacts.user_id = messages.user_id), ''),
			COALESCE((SELECT phone FROM contacts WHERE contacts.user_id = messages.user_id), '')`,
		Scan: scan, ID: func(m Message) string { return string(m.ID) },
	}
}

// insert adds a message, unless it is there already.
func insert(ctx context.Context, tx *store.Tx, m Message) error {
	facts, err := json.Marshal(m.Facts)
	if err != nil {
		return fmt.Errorf("encode facts: %w", err)
	}
	trace, err := json.Marshal(m.Trace)
	if err != nil {
		return fmt.Errorf("encode trace: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO messages
		(id, event_id, channel, company, kind, user_id, order_id, facts, correlation, trace, state, reason, since_us, lease_us, next_us, attempts, done_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'due', '', $11, 0, $11, 0, 0) ON CONFLICT DO NOTHING`,
		m.ID, m.Event, m.Channel, m.Channel.company(), m.Kind, m.User, m.Order, string(facts), m.Correlation, string(trace), store.Micros(m.Since))
	if err != nil {
		return fmt.Errorf("insert message: %w", err)
	}
	return nil
}

// settle counts attempts that were answered, or that never went out. One after which the message was claimed by somebody else
// comes too late: it was unanswered when that one sent the message again.
func settle(ctx context.Context, tx *store.Tx, answered []Message) error {
	if len(answered) == 0 {
		return nil
	}
	var which []string
	var args []any
	for _, m := range answered {
		which = append(which, fmt.Sprintf("(id = $%d AND attempts = $%d)", len(args)+1, len(args)+2))
		args = append(args, m.ID, m.Attempt)
	}
	if _, err := tx.Exec(ctx, `UPDATE messages SET answered = answered + 1 WHERE `+strings.Join(which, " OR "), args...); err != nil {
		return fmt.Errorf("settle %d attempts: %w", len(answered), err)
	}
	return nil
}

// closeSent puts messages into the state Sent.
func closeSent(ctx context.Context, tx *store.Tx, ids []MessageID, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	args := []any{store.Micros(now)}
	var places strings.Builder
	for i, id := range ids {
		fmt.Fprintf(&places, ", $%d", i+2)
		args = append(args, id)
	}
	_, err := tx.Exec(ctx, `UPDATE messages SET state = 'sent', done_us = $1, lease_us = 0 WHERE state = 'due' AND id IN (`+places.String()[2:]+`)`, args...)
	if err != nil {
		return fmt.Errorf("close %d messages: %w", len(ids), err)
	}
	return nil
}

// closeMessage puts a message into another final state.
func closeMessage(ctx context.Context, tx *store.Tx, o outcome, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE messages SET state = $1, reason = $2, done_us = $3, lease_us = 0 WHERE state = 'due' AND id = $4`,
		o.State, o.Reason, store.Micros(now), o.ID)
	if err != nil {
		return fmt.Errorf("close message %s: %w", o.ID, err)
	}
	return nil
}

// postpone gives a message back, not to be taken up again before then, unless what it waits for is there.
func postpone(ctx context.Context, tx *store.Tx, o outcome) error {
	then := store.Micros(o.until)
	if o.nobody {
		var known int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM contacts WHERE user_id = $1`, o.User).Scan(&known); err != nil {
			return fmt.Errorf("find contact of user %s: %w", o.User, err)
		}
		if known > 0 {
			then = 0
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE messages SET lease_us = 0, next_us = $1 WHERE id = $2 AND state = 'due'`, then, o.ID); err != nil {
		return fmt.Errorf("postpone message %s: %w", o.ID, err)
	}
	return nil
}

// putContact keeps a contact if it is newer than what is known, and makes the messages due that wait for it.
func putContact(ctx context.Context, tx *store.Tx, c Contact) error {
	_, err := tx.Exec(ctx, `INSERT INTO contacts (user_id, email, name, phone, version) VALUES ($1, $2, '', $3, $4)
		ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, phone = excluded.phone, version = excluded.version
		WHERE contacts.version < excluded.version`, c.User, c.Email, c.Phone, c.Version)
	if err != nil {
		return fmt.Errorf("put contact of user %s: %w", c.User, err)
	}
	if _, err := tx.Exec(ctx, `UPDATE messages SET next_us = 0 WHERE user_id = $1 AND state = 'due' AND next_us > 0`, c.User); err != nil {
		return fmt.Errorf("hurry messages of user %s: %w", c.User, err)
	}
	return nil
}

func scan(row interface{ Scan(...any) error }) (Message, error) {
	var m Message
	var facts, trace string
	var since int64
	err := row.Scan(&m.ID, &m.Event, &m.Channel, &m.Kind, &m.User, &m.Order, &facts, &m.Correlation, &trace, &since, &m.Attempt,
		&m.Contact.Email, &m.Contact.Phone)
	if err != nil {
		return Message{}, fmt.Errorf("read message: %w", err)
	}
	if m.Contact.Email != "" {
		m.Contact.User = m.User
	}
	m.Since = store.Time(since)
	if err := errors.Join(json.Unmarshal([]byte(facts), &m.Facts), json.Unmarshal([]byte(trace), &m.Trace)); err != nil {
		return Message{}, fmt.Errorf("decode message %s: %w", m.ID, err)
	}
	return m, nil
}
