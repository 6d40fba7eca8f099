package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Load reads a scenario's file, whose name without its ending must be the scenario's.
func Load(path string) (*Scenario, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	s, err := Parse(path, source)
	if err != nil {
		return nil, err
	}
	r := s.reader()
	if base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)); s.Name != base {
		r.at("name", "the scenario is named %q and its file %q: give both one name", s.Name, base)
	}
	return s, r.err()
}

// Parse reads a scenario and holds it against the grammar. The path serves the messages.
func Parse(path string, source []byte) (*Scenario, error) {
	r := newReader(path, source)
	s := &Scenario{Warmup: defaultWarmup, Drain: defaultDrain, Verdict: Pass, Path: path, Source: source, places: r.places}
	if root := r.tree(source); root != nil {
		r.decode(root, "", reflect.ValueOf(s).Elem())
	}
	if len(r.mistakes) == 0 {
		r.grammar(s)
	}
	return s, r.err()
}

// reader makes a reader for a second look at a file that was read before.
func (s *Scenario) reader() *reader {
	r := newReader(s.Path, s.Source)
	r.places = s.places
	return r
}
