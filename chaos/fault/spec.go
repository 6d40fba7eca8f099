package fault

import (
	"fmt"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/system"
)

// Spec is one entry of a scenario's faults.
type Spec struct {
	At        time.Duration `yaml:"at,omitempty"`        // from the beginning of the fault phase
	For       time.Duration `yaml:"for,omitempty"`       // how long it lasts, from when it has struck
	Link      string        `yaml:"link,omitempty"`      // "client -> server"; exactly one of Link and Process
	Process   string        `yaml:"process,omitempty"`   // a unit, which means all its instances, or one instance
	Do        string        `yaml:"do"`                  // the name of one of Kinds
	Latency   time.Duration `yaml:"latency,omitempty"`   // what each chunk waits
	Jitter    time.Duration `yaml:"jitter,omitempty"`    // up to so much more or less than Latency, evenly spread
	Direction string        `yaml:"direction,omitempty"` // request, response or both; "" is both
	When      *Trigger      `yaml:"when,omitempty"`      // strike at this moment, and not at At
}

// Trigger is a moment on a link: the nth time that a text passes in one direction, on all its connections together.
type Trigger struct {
	Link     string `yaml:"link"`
	Request  string `yaml:"request,omitempty"`  // the text on its way to the server; exactly one of the two
	Response string `yaml:"response,omitempty"` // the text on its way to the client
	Nth      int    `yaml:"nth,omitempty"`      // from 1; 0 is 1
}

// KeyError is a mistake in a spec: the key, and what was expected.
type KeyError struct {
	Key     string
	Message string
}

func (e *KeyError) Error() string { return fmt.Sprintf("read fault: %s: %s", e.Key, e.Message) }

// target is what the fault hits.
func (s Spec) target() string { return s.Link + s.Process }

// hits says whether the fault hits one direction of a connection.
func (s Spec) hits(d cell.Direction) bool {
	return s.Direction == "" || s.Direction == both || s.Direction == string(d)
}

const both = "both"

// checkDirection holds direction against the words that it may be.
func (s Spec) checkDirection() error {
	words := []string{string(cell.Request), string(cell.Response), both}
	for _, word := range words {
		if s.Direction == "" || s.Direction == word {
			return nil
		}
	}
	return &KeyError{"direction", fmt.Sprintf("%q is not a direction%s", s.Direction, system.Hint(s.Direction, words))}
}

// asked is the end of a line that says what was asked for: the directions and the time.
func (s Spec) asked(what string) string {
	switch s.Direction {
	case "", both:
		what += ", both ways"
	default:
		what += ", on the " + s.Direction
	}
	return fmt.Sprintf("%s, for %s", what, s.For)
}
