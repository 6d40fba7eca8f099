package model

import "github.com/anishathalye/porcupine"

// once is something that is made at most once, by whoever comes first: the order of one version of a cart, or the account of one
// e-mail address. It is "" before, and maybe once it may have been made by a call that was not answered.
type once string

const maybe once = "?"

// attempt is a call that would make it.
type attempt struct {
	call Call
	made string // what it made, "" where it was refused
	// exists says that the refusal was for what exists, and names what: "" where it does not say.
	exists bool
	names  string
	// other says whether the refusal may name something else.
	other func(name string) bool
}

func (s once) step(a attempt) []any {
	switch {
	case a.call.Outcome == Unknown && s == "":
		return []any{s, maybe}
	case a.call.Outcome == Unknown:
		return []any{s}
	case a.made != "":
		if s == "" {
			return []any{once(a.made)}
		}
		return nil
	case !a.exists: // refused because it cannot be made
		if s == "" || s == maybe {
			return []any{once("")}
		}
		return nil
	case s == maybe && a.names != "":
		return []any{once(a.names)}
	case s == maybe, s != "" && (a.names == "" || a.names == string(s)):
		return []any{s}
	case s == "" && a.other != nil && a.other(a.names):
		return []any{s}
	}
	return nil
}

func checkOnce(attempts []attempt) porcupine.CheckResult {
	var history []porcupine.Operation
	for _, a := range attempts {
		history = append(history, porcupine.Operation{ClientId: a.call.Session, Input: a, Call: a.call.Start.UnixNano(), Return: a.call.returned()})
	}
	model := (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{once("")} },
		Step: func(state, input, _ any) []any { return state.(once).step(input.(attempt)) },
	}).ToModel()
	return porcupine.CheckOperationsTimeout(model, history, searchLimit)
}
