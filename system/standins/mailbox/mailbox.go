// Package mailbox stands in for the company that delivers e-mail: an SMTP server that keeps what it receives, and shows
// it.
//
//	GET /books           {"messages": […]}, oldest first
//	GET /messages?to=    the same for one recipient
//
// Each recipient at reject.example is refused with 550, as a mailbox that does not exist.
package mailbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stormglass/system/standins/journal"
)

// rejected is the domain whose mailboxes do not exist.
const rejected = "reject.example"

// Message is one e-mail, as it is kept and shown.
type Message struct {
	// MessageID is the header of that name, without its angle brackets.
	MessageID string `json:"message_id"`
	// From and To are the envelope's: who really sent it to whom.
	From    string   `json:"from"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	// Body is the text part, decoded; the whole body when there is no text part.
	Body string `json:"body"`
	// Headers are all headers by their canonical names, encoded words decoded.
	Headers    map[string][]string `json:"headers"`
	ReceivedAt time.Time           `json:"received_at"`
}

// Book keeps messages. It is safe for concurrent use.
type Book struct{ journal *journal.Journal[Message] }

// Open reads what an earlier process received, or begins a new book.
func Open(path string) (*Book, error) {
	j, err := journal.Open(path, func(Message, journal.Place) error { return nil })
	if err != nil {
		return nil, err
	}
	return &Book{j}, nil
}

// Keep takes a message in. It returns when that is on disk.
func (b *Book) Keep(m Message) error {
	if _, err := b.journal.Append(m); err != nil {
		return err
	}
	return b.journal.Sync()
}

// Messages gives each message as JSON, oldest first.
func (b *Book) Messages(yield func(line []byte) error) error { return b.journal.Lines(yield) }

// MessagesTo gives those that were sent to one address.
func (b *Book) MessagesTo(address string) func(yield func(line []byte) error) error {
	return func(yield func(line []byte) error) error {
		return b.journal.Lines(func(line []byte) error {
			var m struct{ To []string }
			if err := json.Unmarshal(line, &m); err != nil {
				return fmt.Errorf("decode message: %w", err)
			}
			if !slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, address) }) {
				return nil
			}
			return yield(line)
		})
	}
}

// Close closes the book's file.
func (b *Book) Close() error { return b.journal.Close() }
