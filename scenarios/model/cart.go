package model

import (
	"maps"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// line is a line of a cart. Its number tells it from a line of the same product that was put in before or after it.
type line struct {
	product  string
	quantity int64
	number   int
}

// cartState is what a cart may be like.
type cartState struct {
	// version is the cart's own where exact, and below the cart's own elsewhere.
	version int64
	exact   bool
	lines   []line
	next    int // number of the next line
	// ordered holds, for each order that was made of the cart, the lines that will leave it sooner or later.
	ordered [][]line
}

func (s cartState) equal(t cartState) bool {
	return s.version == t.version && s.exact == t.exact && slices.Equal(s.lines, t.lines) && slices.EqualFunc(s.ordered, t.ordered, slices.Equal)
}

// is reports whether the cart may have this version.
func (s cartState) is(version int64) bool {
	return s.exact && version == s.version || !s.exact && version > s.version
}

// shows reports whether the cart holds just these pieces.
func (s cartState) shows(lines map[string]int64) bool {
	own := map[string]int64{}
	for _, l := range s.lines {
		own[l.product] = l.quantity
	}
	return maps.Equal(own, lines)
}

// put gives the cart with a product set, at an unknown later version.
func (s cartState) put(product string, quantity int64) cartState {
	t := s.remove(func(l line) bool { return l.product == product })
	t.lines = append(t.lines, line{product, quantity, s.next})
	slices.SortFunc(t.lines, func(a, b line) int { return strings.Compare(a.product, b.product) })
	t.next, t.exact = s.next+1, false
	return t
}

// remove gives the cart without some lines: the same cart where there are none, and else at an unknown later version.
func (s cartState) remove(which func(line) bool) cartState {
	t := s
	t.lines = slices.DeleteFunc(slices.Clone(s.lines), which)
	if len(t.lines) < len(s.lines) {
		t.exact = false
	}
	return t
}

// at gives the cart with a version that was shown for it.
func (s cartState) at(version int64) cartState {
	s.version, s.exact = version, true
	return s
}

// orders gives the cart with all of its lines ordered.
func (s cartState) orders() cartState {
	s.ordered = clone(s.ordered, s.lines)
	return s
}

// orderable reports whether there is something in the cart, and nothing that is ordered already.
func (s cartState) orderable() bool {
	for _, of := range s.ordered {
		if slices.ContainsFunc(s.lines, func(l line) bool { return slices.Contains(of, l) }) {
			return false
		}
	}
	return len(s.lines) > 0
}

// moments gives the cart as it may be now: the events of some orders have come and those of the others not.
func (s cartState) moments() []cartState {
	if len(s.ordered) == 0 {
		return []cartState{s}
	}
	first, others := s.ordered[0], s
	others.ordered = s.ordered[1:]
	var states []cartState
	for _, t := range others.moments() {
		waiting := t
		waiting.ordered = clone([][]line{first}, t.ordered...)
		states = append(states, waiting, t.remove(func(l line) bool { return slices.Contains(first, l) }))
	}
	return states
}

// step gives what the cart may be like after a call with this answer; nothing where the call cannot have had the answer.
func (s cartState) step(c Call) (after []cartState) {
	for _, t := range s.moments() {
		after = append(after, t.call(c)...)
	}
	return after
}

// call is step for a cart to which no event comes meanwhile.
func (s cartState) call(c Call) []cartState {
	then := s
	switch c.Kind {
	case Put:
		then = s.put(c.Product, c.Quantity)
	case Remove:
		then = s.remove(func(l line) bool { return l.product == c.Product })
	case Clear:
		then = s.remove(func(line) bool { return true })
	case Order:
		return s.order(c)
	}
	switch changed := !slices.Equal(then.lines, s.lines); {
	case c.Outcome == Refused:
		return []cartState{s}
	case c.Outcome == Unknown:
		return []cartState{s, then}
	case c.Settled && len(s.ordered) > 0, !then.shows(c.Lines), changed && c.Version <= s.version, !changed && !s.is(c.Version):
		return nil
	}
	return []cartState{then.at(c.Version)}
}

// order is call for a placement. Its Version is the one that was ordered.
func (s cartState) order(c Call) []cartState {
	fits := s.is(c.Version) && s.orderable()
	switch {
	case c.Outcome == Unknown && fits:
		return []cartState{s, s.at(c.Version).orders()}
	case c.Outcome == Unknown:
		return []cartState{s}
	case c.Outcome == OK && fits && s.shows(c.Lines):
		return []cartState{s.at(c.Version).orders()}
	case c.Outcome == OK, c.Reason == "cart_empty" && len(s.lines) > 0, c.Reason == "cart_changed" && s.exact && s.version == c.Version:
		return nil
	}
	return []cartState{s}
}

// checkCart looks for an order in which the calls on one customer's cart can have come one by one. Where answers are lost between the
// shop's own services, the gateway sends a change of a cart again, so that it may take effect twice while it is under way.
func checkCart(calls []Call, placed []placement, faults Faults) porcupine.CheckResult {
	var history []porcupine.Operation
	add := func(c Call) {
		history = append(history, porcupine.Operation{ClientId: c.Session, Input: c, Call: c.Start.UnixNano(), Return: c.returned()})
	}
	for _, c := range calls {
		switch c.Kind {
		case Read, Put, Remove, Clear:
			if c.Outcome == OK || c.Kind != Read {
				add(c)
			}
			if faults.Any && c.Kind != Read && c.Outcome != Refused {
				again := c
				again.Outcome = Unknown
				history = append(history, porcupine.Operation{ClientId: c.Session, Input: again, Call: c.Start.UnixNano(), Return: c.returned()})
			}
		}
	}
	for _, p := range placed {
		p.Kind = Order
		if p.Outcome != Refused {
			add(p.Call)
			continue
		}
		for _, c := range p.refusals {
			c.Kind = Order
			add(c)
		}
	}
	model := (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{cartState{version: -1}} }, // empty, at any version
		Step: func(state, input, _ any) (after []any) {
			for _, s := range state.(cartState).step(input.(Call)) {
				after = append(after, s)
			}
			return after
		},
		Equal: func(a, b any) bool { return a.(cartState).equal(b.(cartState)) },
	}).ToModel()
	return porcupine.CheckOperationsTimeout(model, history, searchLimit)
}
