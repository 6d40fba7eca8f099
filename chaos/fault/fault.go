// Package fault breaks things: each fault is a value that undoes itself and measures its own dose.
//
// A new fault is one file with its Kind, and one line in Kinds.
package fault

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"stormglass/chaos/cell"
	"stormglass/chaos/system"
)

// Fault is one thing that goes wrong, and right again.
type Fault interface {
	// Inject makes it go wrong. A fault with a trigger is only armed by it and strikes later, see Done.
	Inject(ctx context.Context) error
	// Undo makes everything right again and returns when it is. It may be called on every way out, also when Inject
	// failed or was never called, and more than once.
	Undo(ctx context.Context) error
	// Dose tells what has been done so far.
	Dose() Dose
	// Done is closed when the fault has struck: its time, Spec.For, counts from there.
	Done() <-chan struct{}
}

// Kind describes one thing that can go wrong.
type Kind struct {
	Name string
	On   string   // what it hits, and the key that names it: "link", "process", "shoppers" or "act"
	Keys []string // the keys that it takes besides at, for, do and its target
	Doc  string

	check func(Spec) error                              // of the keys' values
	build func(Spec, *cell.Cell, uint64) (Fault, error) // nil for what a cell alone cannot make
}

// Kinds lists what can go wrong.
func Kinds() []Kind {
	return []Kind{
		delayKind(), throttleKind(), stallKind(), blackholeKind(), sliceKind(), resetKind(), refuseKind(),
		killKind(), stopKind(), pauseKind(), restartKind(), rollingRestartKind(),
		crowdKind(), probeKind(), performKind(),
	}
}

// New makes a fault of a running cell from its spec. All its randomness follows from the seed, the proxy's name and the
// number of the connection on it.
func New(s Spec, c *cell.Cell, seed uint64) (Fault, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	kind, err := kindOf(s.Do)
	if err != nil {
		return nil, err
	}
	if kind.build == nil {
		return nil, fmt.Errorf("make fault %s: a cell alone cannot make it", s.Do)
	}
	if s.On > 0 {
		return newFlapping(kind, s, c, seed)
	}
	return kind.build(s, c, seed)
}

func kindOf(name string) (Kind, error) {
	var names []string
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, &KeyError{"do", fmt.Sprintf("%q is not a fault%s", name, system.Hint(name, names))}
}

// Check says what is wrong with a spec by itself, as a *KeyError. Whether its link or process exists, New knows.
func (s Spec) Check() error {
	kind, err := kindOf(s.Do)
	if err != nil {
		return err
	}
	for _, given := range []struct {
		key string
		is  bool
	}{
		{"latency", s.Latency != 0}, {"jitter", s.Jitter != 0}, {"rate", s.Rate != 0}, {"size", s.Size != 0},
		{"direction", s.Direction != ""}, {"when", s.When != nil}, {"visits", s.Visits != 0},
		{"capacity", s.Capacity != nil},
	} {
		if given.is && !slices.Contains(kind.Keys, given.key) {
			return &KeyError{given.key, fmt.Sprintf("%s does not take %s; it takes %s", s.Do, given.key, orNothing(kind.Keys))}
		}
	}
	if err := kind.checkTarget(s); err != nil {
		return err
	}
	switch {
	case s.For <= 0:
		return &KeyError{"for", "expected how long the fault lasts, such as 5s"}
	case s.At < 0:
		return &KeyError{"at", "expected a time from the beginning of the fault phase on, such as 0s"}
	}
	if err := s.checkSchedule(); err != nil {
		return err
	}
	return kind.check(s)
}

// checkTarget makes sure that the spec names what this kind hits, and nothing else.
func (k Kind) checkTarget(s Spec) error {
	for _, target := range []struct{ on, is, words string }{
		{"link", s.Link, "hits a link: expected link, and no process"},
		{"process", s.Process, "hits a process: expected process, and no link"},
		{"shoppers", s.Shoppers, "sends shoppers: expected shoppers, and neither link nor process"},
		{"act", s.Act, "does an act: expected act, and neither link nor process"},
	} {
		if target.on == k.On && (target.is == "" || target.is != s.Target()) {
			return &KeyError{k.On, s.Do + " " + target.words}
		}
	}
	return nil
}

func orNothing(keys []string) string {
	if len(keys) == 0 {
		return "nothing of its own"
	}
	return strings.Join(keys, ", ")
}
