package events

import (
	"iter"
	"strings"

	"github.com/nats-io/nats.go"
)

// Names at the broker. Stream and consumer names cannot hold dots. Each kind of subject has a prefix of its own, so that
// the stream of events does not swallow dead letters.
const (
	eventStream   = "shop-events"
	deadStream    = "shop-dead"
	eventPrefix   = "shop.events."
	redrivePrefix = "shop.redrive."
	deadPrefix    = "shop.dead."
)

// flat makes one token of a name: "q.payment" becomes "q-payment".
func flat(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '-'
	}, name)
}

// encode makes the message of an event. messageID is what the broker knows duplicates by.
func encode(subject, messageID string, e Event) *nats.Msg {
	h := make(nats.Header, 6+len(e.Trace))
	h[nats.MsgIdHdr] = []string{messageID}
	for name, value := range e.headers() {
		h[name] = []string{value}
	}
	return &nats.Msg{Subject: subject, Header: h, Data: e.Data}
}

// decode reads the event of a message, and why it was given up if it was.
func decode(h nats.Header, data []byte) (Event, Failure) { return opened(firsts(h), data) }

// firsts gives the first value of each header.
func firsts(h nats.Header) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name, values := range h {
			if len(values) > 0 && !yield(name, values[0]) {
				return
			}
		}
	}
}
