package cardprocessor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"stormglass/system/standins/journal"
)

// hash stands for an idempotency key or for a request, neither of which is kept.
type hash [sha256.Size]byte

// MarshalText writes it in hexadecimal digits.
func (h hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash of %d digits", len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// request is who asks for a change.
type request struct {
	id string
	// key is nil when the client gave none.
	key *hash
	// content is the hash of the path and the parameters.
	content hash
	// trace is the trace context for the events that follow.
	trace string
	// expand asks for the charge inside the intent.
	expand bool
}

// waiting is a request whose answer comes later.
type waiting struct {
	Request string `json:"request"`
	Key     *hash  `json:"key,omitempty"`
	Content hash   `json:"content"`
	Trace   string `json:"trace,omitempty"`
	Expand  bool   `json:"expand,omitempty"`
}

func (r request) waiting() *waiting { return &waiting{r.id, r.key, r.content, r.trace, r.expand} }
func (w waiting) request() request  { return request{w.Request, w.Key, w.Content, w.Trace, w.Expand} }

// use is what an idempotency key was used for, and what was answered.
type use struct {
	Key     hash            `json:"key"`
	Content hash            `json:"content"`
	Request string          `json:"request"`
	Status  int             `json:"status"`
	Body    json.RawMessage `json:"body"`
}

// saves is the use of a request's key that keeps its answer; nil when there is no key.
func (r request) saves(a answer) *use {
	if r.key == nil {
		return nil
	}
	return &use{Key: *r.key, Content: r.content, Request: r.id, Status: a.status, Body: a.body}
}

// saved is where an answer stands in the journal.
type saved struct {
	content hash
	at      journal.Place
}

// reserve keeps the request's key for it until release. It gives the answer of an earlier request instead, or refuses.
func (l *Ledger) reserve(r request) (earlier *saved, refused *refusal) {
	if r.key == nil {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, used := l.keys[*r.key]; used {
		if s.content != r.content {
			return nil, keyReused()
		}
		return &s, nil
	}
	if l.busy[*r.key] {
		return nil, keyInUse()
	}
	l.busy[*r.key] = true
	return nil, nil
}

func (l *Ledger) release(r request) {
	if r.key == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, *r.key)
}

// replay gives a saved answer again.
func (l *Ledger) replay(s *saved) (answer, error) {
	e, err := l.journal.At(s.at)
	if err != nil {
		return answer{}, fmt.Errorf("read saved answer: %w", err)
	}
	return answer{status: e.Use.Status, body: e.Use.Body, original: e.Use.Request}, nil
}
