package events

import (
	"strconv"
	"strings"
	"time"

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

// Headers of an event. Trace context travels under its own standard names.
const (
	headerID          = "Event-Id"
	headerType        = "Event-Type"
	headerKey         = "Event-Key"
	headerTime        = "Event-Time" // microseconds since 1970, UTC
	headerCorrelation = "Correlation-Id"

	headerDeadReason   = "Dead-Reason"
	headerDeadAttempts = "Dead-Attempts"
	headerDeadTime     = "Dead-Time"
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
	h[headerID] = []string{e.ID}
	h[headerType] = []string{e.Type}
	h[headerKey] = []string{e.Key}
	h[headerTime] = []string{micros(e.Time)}
	if e.CorrelationID != "" {
		h[headerCorrelation] = []string{e.CorrelationID}
	}
	for name, value := range e.Trace {
		h[name] = []string{value}
	}
	return &nats.Msg{Subject: subject, Header: h, Data: e.Data}
}

// decode reads the event of a message. What somebody else published without our headers becomes an event of no type,
// which no handler takes.
func decode(h nats.Header, data []byte) Event {
	e := Event{
		ID: h.Get(headerID), Type: h.Get(headerType), Key: h.Get(headerKey), Time: fromMicros(h.Get(headerTime)),
		CorrelationID: h.Get(headerCorrelation), Data: data,
	}
	for name, values := range h {
		if ours(name) || len(values) == 0 {
			continue
		}
		if e.Trace == nil {
			e.Trace = map[string]string{}
		}
		e.Trace[name] = values[0]
	}
	return e
}

// ours says whether a header belongs to the envelope and not to the trace context.
func ours(name string) bool {
	for _, prefix := range []string{"Nats-", "Event-", "Dead-", headerCorrelation} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// fromMicros gives the zero time for what is no number.
func fromMicros(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
