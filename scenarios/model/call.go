package model

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Outcome is what became of a call.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused" // the shop answered that it did not do it
	Unknown Outcome = "unknown" // it may have happened
)

// Call is one request of a history and its answer.
type Call struct {
	Customer int               `json:"customer"`
	Session  int               `json:"session"`
	Kind     Kind              `json:"kind"`
	Start    time.Time         `json:"-"`
	End      time.Time         `json:"-"`
	Outcome  Outcome           `json:"outcome"`
	Reason   string            `json:"reason,omitempty"`   // of a refusal
	Resource string            `json:"resource,omitempty"` // the order that a refusal names
	Product  string            `json:"product,omitempty"`
	Quantity int64             `json:"quantity,omitempty"`
	Key      string            `json:"key,omitempty"`
	Version  int64             `json:"version,omitempty"` // of the cart: the one that is ordered, or the one that was answered
	Lines    map[string]int64  `json:"lines,omitempty"`   // pieces by product, of the cart or the order that was answered
	Order    string            `json:"order,omitempty"`   // that was answered, or that is cancelled
	User     string            `json:"user,omitempty"`    // that was registered
	Email    string            `json:"email,omitempty"`
	Settled  bool              `json:"settled,omitempty"` // asked when the shop was idle
	Orders   map[string]Placed `json:"orders,omitempty"`  // of List
}

// Placed is an order as its customer finds it once the shop is idle.
type Placed struct {
	State   string           `json:"state"`
	Reason  string           `json:"reason,omitempty"`
	Total   int64            `json:"total"`
	Lines   map[string]int64 `json:"lines"`
	Payment string           `json:"payment,omitempty"` // its state; "" where there is none
	Amount  int64            `json:"amount,omitempty"`
}

// forever is when a call returns that was not answered.
const forever = math.MaxInt64

func (c Call) returned() int64 {
	if c.Outcome == Unknown {
		return forever
	}
	return c.End.UnixNano()
}

// placement is all calls with one key, which are one order: it was made between the first of them and the first answer that gave it.
type placement struct {
	Call
	refusals []Call
}

// placements puts the calls that order together by their customer and key. It gives an error for a key that gave two orders, or
// that gave one and was refused later.
func placements(calls []Call) (all []placement, broken []string) {
	type sender struct {
		customer int
		key      string
	}
	index := map[sender]int{}
	for _, c := range calls {
		if c.Key == "" || c.Kind == Register {
			continue
		}
		s := sender{c.Customer, c.Key}
		i, seen := index[s]
		if !seen {
			i = len(all)
			index[s] = i
			all = append(all, placement{Call: c})
			if c.Outcome == Refused {
				all[i].refusals = []Call{c}
			}
			continue
		}
		p := &all[i]
		switch {
		case c.Outcome == OK && p.Outcome == OK && p.Order != c.Order:
			broken = append(broken, "key "+c.Key+" gave the orders "+p.Order+" and "+c.Order)
		case c.Outcome == Refused && p.Outcome == OK && c.Start.After(p.End):
			broken = append(broken, "key "+c.Key+" gave order "+p.Order+" and was refused later: "+c.Reason)
		case c.Outcome == OK && p.Outcome != OK:
			start := p.Start
			p.Call = c
			p.Start = start
		case c.Outcome == Unknown && p.Outcome == Refused:
			p.Call = c
		case c.Outcome == Refused:
			p.refusals = append(p.refusals, c)
		}
	}
	return all, broken
}

func sameLines(a, b map[string]int64) bool { return maps.Equal(a, b) }

func clone[T any](list []T, more ...T) []T { return append(slices.Clone(list), more...) }
