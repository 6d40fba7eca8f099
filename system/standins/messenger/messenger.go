// Package messenger stands in for the company that sends text messages (SMS) and push messages. It sends none; it keeps
// what it was told to send, and shows it.
//
//	POST /v1/sms   {"id", "to", "body"}            201, or 200 when it has this id already
//	POST /v1/push  {"id", "to", "title", "body"}   the same
//	GET  /books    {"messages": […], "duplicates": {id: how often it came again}}
//
// The id is the sender's. A second message under one id is not kept; with another content it is refused (409).
package messenger

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"stormglass/system/standins/journal"
)

// Message is one text or push message, as it is kept and shown.
type Message struct {
	// Channel is "sms" or "push".
	Channel string `json:"channel"`
	ID      string `json:"id"`
	To      string `json:"to"`
	// Title is empty for a text message.
	Title      string    `json:"title,omitempty"`
	Body       string    `json:"body"`
	ReceivedAt time.Time `json:"received_at"`
}

// digest tells two messages of one id apart.
type digest [sha256.Size]byte

func (m Message) digest() digest {
	parts, err := json.Marshal([]string{m.Channel, m.To, m.Title, m.Body})
	if err != nil {
		panic(fmt.Sprintf("encode strings: %v", err)) // strings always encode
	}
	return sha256.Sum256(parts)
}

// missing names the first field that a message cannot do without.
func (m Message) missing() string {
	for _, field := range []struct{ name, value string }{{"id", m.ID}, {"to", m.To}, {"body", m.Body}} {
		if strings.TrimSpace(field.value) == "" {
			return field.name
		}
	}
	return ""
}

// outcome is what became of a message that came in.
type outcome int

const (
	kept outcome = iota
	duplicate
	reused
)

// entry is a line of the journal: a message, or the id of one that came again.
type entry struct {
	Message *Message `json:"message,omitempty"`
	Again   string   `json:"again,omitempty"`
}

// Book keeps messages. It is safe for concurrent use.
type Book struct {
	journal *journal.Journal[entry]

	mu    sync.Mutex
	known map[string]digest
	again map[string]int
}

// Open reads what an earlier process kept, or begins a new book.
func Open(path string) (*Book, error) {
	b := &Book{known: map[string]digest{}, again: map[string]int{}}
	j, err := journal.Open(path, func(e entry, _ journal.Place) error {
		b.apply(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.journal = j
	return b, nil
}

// Keep takes a message in. It returns when that is on disk.
func (b *Book) Keep(m Message) (outcome, error) {
	o, err := b.enter(m)
	if err != nil || o == reused {
		return o, err
	}
	return o, b.journal.Sync()
}

func (b *Book) enter(m Message) (outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, o := entry{Message: &m}, kept
	if first, again := b.known[m.ID]; again {
		if first != m.digest() {
			return reused, nil
		}
		e, o = entry{Again: m.ID}, duplicate
	}
	if _, err := b.journal.Append(e); err != nil {
		return o, err
	}
	b.apply(e)
	return o, nil
}

func (b *Book) apply(e entry) {
	if e.Message == nil {
		b.again[e.Again]++
		return
	}
	b.known[e.Message.ID] = e.Message.digest()
}

// Messages gives each message as JSON, oldest first.
func (b *Book) Messages(yield func(line []byte) error) error {
	return b.journal.Lines(func(line []byte) error {
		var e struct{ Message json.RawMessage }
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("decode entry: %w", err)
		}
		if e.Message == nil {
			return nil
		}
		return yield(e.Message)
	})
}

// Duplicates tells how often each message came again.
func (b *Book) Duplicates() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.again)
}

// Close closes the book's file.
func (b *Book) Close() error { return b.journal.Close() }
