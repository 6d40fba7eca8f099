// Package load sends shoppers through a running system and keeps a history of what each of them saw.
//
// The model is open: visits start at the times that the seed and the rate give, whether or not earlier ones have been
// answered, and latency counts from the intended start. A system that stalls therefore shows all of its stall. Only where a
// system's capacity is asked for the model is closed: see Options.Closed.
package load

import (
	"context"
	"math/rand/v2"
	"time"
)

// Outcome is what became of an operation as its client saw it.
type Outcome string

// The three outcomes. A call that timed out or was cut may have happened, so it is Unknown and never counts as Failed.
const (
	OK      Outcome = "ok"
	Failed  Outcome = "failed"
	Unknown Outcome = "unknown"
)

// Operation is one line of the history: one thing that a shopper tried and what came of it.
type Operation struct {
	Seq      int       `json:"seq"`      // position in the history, from 1; operations are numbered as they end
	Visit    int       `json:"visit"`    // number of the visit, from 1
	Shopper  string    `json:"shopper"`  // kind of shopper, such as browse-and-buy
	Name     string    `json:"name"`     // what was tried, such as checkout
	Intended time.Time `json:"intended"` // when the schedule wanted the visit to start; its first operation counts from here
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Outcome  Outcome   `json:"outcome"`

	// What follows is the shopper's to fill in.
	Key    string            `json:"key,omitempty"`    // idempotency key, if the operation has one
	Status int               `json:"status,omitempty"` // status of the answer; 0 when there was none
	Detail string            `json:"detail,omitempty"` // why it did not go well
	Fields map[string]string `json:"fields,omitempty"` // what checks want to know: order_id, total, …
}

// Latency is the time from the intended start to the end, so that waiting for a late harness or a stalled system counts.
func (o Operation) Latency() time.Duration { return o.End.Sub(o.Intended) }

// Set notes one field.
func (o *Operation) Set(name, value string) {
	if o.Fields == nil {
		o.Fields = map[string]string{}
	}
	o.Fields[name] = value
}

// Target is what shoppers are sent to.
type Target struct {
	BaseURL string   // address of the public unit, such as http://127.0.0.1:20007
	Doors   []string // host:port of every instance of the public unit; empty: the one in BaseURL
	Seed    uint64   // all of a shopper's randomness is a function of it
	Visits  int      // about how many visits there will be, for sizing what Prepare makes
}

// A Shopper is one kind of visitor. One value serves a whole run, so it may keep what Prepare made; Visit is called from
// many goroutines at once.
type Shopper interface {
	// Prepare runs once before the first visit and makes what the visits need, such as registered customers. Its time is
	// not part of any phase that is judged; an error ends the run as INVALID.
	Prepare(ctx context.Context, target Target) error

	// Visit does one visit through the public API alone, each step by v.Do. It returns early when a step makes the rest
	// pointless. ctx ends only when the run gives up waiting for visits that are still open.
	Visit(ctx context.Context, v *Visit)
}

// Visit is one visit of one shopper.
type Visit struct {
	Number   int        // from 1
	Intended time.Time  // when the schedule wanted it to start
	Rand     *rand.Rand // a function of (seed, number) alone; not for use from several goroutines

	shopper  string
	timeout  time.Duration
	recorder *Recorder
	place    *place // of a closed loop; nil in an open one
	started  bool
}
