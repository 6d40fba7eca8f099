// Package fault breaks things: each fault is a value that undoes itself and measures its own dose.
package fault

import (
	"context"
	"errors"
	"time"

	"stormglass/chaos/cell"
)

// Spec is one entry of a scenario's faults.
type Spec struct {
	At        time.Duration `yaml:"at,omitempty"`        // after the beginning of the fault phase
	For       time.Duration `yaml:"for,omitempty"`       // how long it lasts
	Link      string        `yaml:"link,omitempty"`      // "client -> server": exactly one of Link and Process
	Process   string        `yaml:"process,omitempty"`   // a unit (all its instances) or one instance
	Do        string        `yaml:"do"`                  // one of Kinds
	Latency   time.Duration `yaml:"latency,omitempty"`   // delay: what each chunk waits
	Jitter    time.Duration `yaml:"jitter,omitempty"`    // delay: up to so much more or less
	Direction string        `yaml:"direction,omitempty"` // request, response or both (the default)
	When      *Trigger      `yaml:"when,omitempty"`      // process faults: strike at this moment
}

// Trigger is a moment on a link: the nth time that a text passes in one direction.
type Trigger struct {
	Link     string `yaml:"link"`
	Request  string `yaml:"request,omitempty"`  // the text, on its way to the server; exactly one of the two
	Response string `yaml:"response,omitempty"` // the text, on its way to the client
	Nth      int    `yaml:"nth,omitempty"`      // counts from 1, which is the default
}

// Dose is what a fault was asked to do and what it measurably did, inside its window.
type Dose struct {
	Fault    string             `json:"fault"`  // the kind
	Target   string             `json:"target"` // the link or the process
	Asked    string             `json:"asked"`  // the spec in one line
	Start    time.Time          `json:"start"`
	End      time.Time          `json:"end"`
	Measures map[string]float64 `json:"measures"`
	Hit      bool               `json:"hit"` // it touched something
	Why      string             `json:"why"` // how it came to Hit, in a sentence
}

// Fault is one thing that goes wrong, and right again.
type Fault interface {
	Inject(ctx context.Context) error
	Undo(ctx context.Context) error
	Dose() Dose
	Done() <-chan struct{} // closed once it has struck; at once for a fault without a trigger
}

// Kind describes one thing that can go wrong.
type Kind struct {
	Name string
	On   string   // "link" or "process"
	Keys []string // the keys that it takes besides at, for, do and its target
	Doc  string
}

// New makes a fault of a running cell from its spec.
func New(s Spec, c *cell.Cell, seed uint64) (Fault, error) {
	return nil, errors.New("not built yet")
}

// Kinds lists what can go wrong.
func Kinds() []Kind { return nil }
