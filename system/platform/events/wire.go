package events

import (
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Headers of an event, the same at every broker. Trace context travels under its own standard names.
const (
	headerID          = "Event-Id"
	headerType        = "Event-Type"
	headerKey         = "Event-Key"
	headerTime        = "Event-Time" // microseconds since 1970, UTC
	headerCorrelation = "Correlation-Id"

	headerDeadReason   = "Dead-Reason"
	headerDeadAttempts = "Dead-Attempts"
	headerDeadTime     = "Dead-Time"

	deadHeaders = "Dead-"
)

// maxReason is the most bytes of a failure's reason that are kept.
const maxReason = 1000

// headers gives the event's envelope: all of it but the payload.
func (e Event) headers() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		if !yield(headerID, e.ID) || !yield(headerType, e.Type) || !yield(headerKey, e.Key) || !yield(headerTime, micros(e.Time)) ||
			e.CorrelationID != "" && !yield(headerCorrelation, e.CorrelationID) {
			return
		}
		for name, value := range e.Trace {
			if !yield(name, value) {
				return
			}
		}
	}
}

// headers gives what a dead letter's envelope has beside the event's.
func (f Failure) headers() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		_ = yield(headerDeadReason, oneLine(f.Reason)) && yield(headerDeadAttempts, strconv.Itoa(f.Attempts)) && yield(headerDeadTime, micros(f.At))
	}
}

// opened reads an envelope. What somebody else published without our headers becomes an event of no type, which no handler
// takes.
func opened(headers iter.Seq2[string, string], data []byte) (e Event, why Failure) {
	e.Data = data
	for name, value := range headers {
		switch name {
		case headerID:
			e.ID = value
		case headerType:
			e.Type = value
		case headerKey:
			e.Key = value
		case headerTime:
			e.Time = fromMicros(value)
		case headerCorrelation:
			e.CorrelationID = value
		case headerDeadReason:
			why.Reason = value
		case headerDeadAttempts:
			why.Attempts, _ = strconv.Atoi(value) // ours; absent it is 0
		case headerDeadTime:
			why.At = fromMicros(value)
		default:
			if brokers(name) {
				continue
			}
			if e.Trace == nil {
				e.Trace = map[string]string{}
			}
			e.Trace[name] = value
		}
	}
	return e, why
}

// brokers says whether a header is the broker's own and no trace context.
func brokers(name string) bool {
	return strings.HasPrefix(name, "Nats-") || strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "Event-")
}

// oneLine makes a text fit for a header.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return text[:min(len(text), maxReason)]
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
