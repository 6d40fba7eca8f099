package events

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// MaxData is the most bytes that an event's payload may have. Brokers refuse what is much larger, and an event that the
// broker refuses could never leave its outbox.
const MaxData = 256 << 10

// ReasonMalformed marks an event that no retry can help: it goes to the dead letters at once.
const ReasonMalformed = "malformed_event"

// Event is something that happened, in the envelope in which it travels.
type Event struct {
	// ID is a UUIDv7. An event keeps it however often it is sent, so it is what consumers know duplicates by.
	ID string
	// Type is the contract's name with its version, such as "order.created.v1".
	Type string
	// Key is the id of what it happened to; a batch is applied in order for each key.
	Key string
	// Time is when it happened at the producer, in microseconds.
	Time time.Time
	// CorrelationID is that of the client request that led to it.
	CorrelationID string
	// Trace is the producer's trace context, as telemetry carries it.
	Trace map[string]string
	// Data is the payload, a proto message whose type goes with Type.
	Data []byte
}

// New makes an event that belongs to the request and the trace of ctx.
func New(ctx context.Context, tel *telemetry.Telemetry, typ, key string, payload proto.Message) (Event, error) {
	data, err := proto.Marshal(payload)
	if err != nil {
		return Event{}, fmt.Errorf("encode event %s: %w", typ, err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Event{}, fmt.Errorf("make id of event %s: %w", typ, err)
	}
	e := Event{
		ID: id.String(), Type: typ, Key: key, Time: time.Now().UTC().Truncate(time.Microsecond),
		CorrelationID: telemetry.Correlation(ctx), Trace: tel.Carry(ctx), Data: data,
	}
	return e, e.check()
}

// word matches event types and queue names: words that any broker takes in its names.
var word = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)

// check says what would keep an event from travelling.
func (e Event) check() error {
	switch {
	case e.ID == "":
		return problem.New(problem.Invalid, ReasonMalformed, "an event of type %q has no id", e.Type)
	case !word.MatchString(e.Type):
		return problem.New(problem.Invalid, ReasonMalformed, "event type %q: want lower-case words joined by dots, such as order.created.v1", e.Type)
	case len(e.Data) > MaxData:
		return problem.New(problem.Invalid, ReasonMalformed, "event %s has a payload of %d bytes: at most %d travel", e.Type, len(e.Data), MaxData)
	}
	return nil
}

// Handler applies one event inside the consumer's transaction. It may run several times for one event, but its effect
// in tx is kept once. It does nothing outside tx: what must follow goes into the outbox or into a table of work.
//
// An error that speaks of an outage (see problem.Code.Outage) pauses the consumer and costs the event nothing; any other
// error spends one of the event's attempts.
type Handler func(ctx context.Context, tx *store.Tx, e Event) error

// On makes a Handler for one type of payload. A payload that does not parse is a dead letter at once.
func On[M proto.Message](handle func(ctx context.Context, tx *store.Tx, e Event, payload M) error) Handler {
	return func(ctx context.Context, tx *store.Tx, e Event) error {
		var none M
		payload := none.ProtoReflect().New().Interface().(M)
		if err := proto.Unmarshal(e.Data, payload); err != nil {
			return problem.Wrap(err, problem.Invalid, ReasonMalformed, "the payload of %s does not parse", e.Type)
		}
		return handle(ctx, tx, e, payload)
	}
}
