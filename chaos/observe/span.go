package observe

import "time"

// Where a span came from.
const (
	SourceOTLP   = "otlp"
	SourceJaeger = "jaeger"
)

// What a span says of its own success.
const (
	StatusUnset = "unset"
	StatusOK    = "ok"
	StatusError = "error"
)

// Span is one piece of work of one trace, in the same form whichever protocol brought it.
type Span struct {
	TraceID       string            `json:"trace_id"`            // 32 lowercase hexadecimal digits
	SpanID        string            `json:"span_id"`             // 16 lowercase hexadecimal digits
	ParentID      string            `json:"parent_id,omitempty"` // empty for the root
	Name          string            `json:"name"`
	Service       string            `json:"service"`
	Instance      string            `json:"instance,omitempty"` // service.instance.id, when told
	Kind          string            `json:"kind"`               // server, client, producer, consumer, internal
	Start         time.Time         `json:"start"`
	End           time.Time         `json:"end"`
	Attrs         map[string]string `json:"attrs,omitempty"`
	Events        []Event           `json:"events,omitempty"`
	Links         []Link            `json:"links,omitempty"`
	Status        string            `json:"status"` // unset, ok, error
	StatusMessage string            `json:"status_message,omitempty"`
	Source        string            `json:"source"` // otlp, jaeger
}

// Event is something that happened at one moment inside a span.
type Event struct {
	Time  time.Time         `json:"time"`
	Name  string            `json:"name"`
	Attrs map[string]string `json:"attrs,omitempty"`
}

// Link points to a span that is related but not the parent.
type Link struct {
	TraceID string `json:"trace_id"`
	SpanID  string `json:"span_id"`
}
