// Package mutate proves that checks can fail: it builds a system with one of its defences taken out, runs the scenario that
// should notice, and asks whether the check noticed that was named beforehand.
//
// A mutant is a file beside the scenarios. Its edits are applied by the compiler's overlay, so that the sources stay as they
// are and the product carries no hook.
package mutate

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"stormglass/chaos/system"
)

// Mutant is one defence taken out.
type Mutant struct {
	Name     string `yaml:"name"`     // equals the file's name
	Removes  string `yaml:"removes"`  // the defence, in words
	Scenario string `yaml:"scenario"` // the name of the one that should notice
	Killer   string `yaml:"killer"`   // the expectation or invariant that should break: how it begins
	// Tiers are those on which the check must notice; the embedded one unless told.
	Tiers []string `yaml:"tiers"`
	Edits []Edit   `yaml:"edits"`

	Path string `yaml:"-"`
}

// Edit replaces a piece of a source file.
type Edit struct {
	File string `yaml:"file"` // below the module's root
	Was  string `yaml:"was"`  // what must occur in it exactly once
	Is   string `yaml:"is"`   // what stands there instead
}

// Load reads every mutant of a folder, or says what is wrong with each that cannot be read.
func Load(dir string) ([]Mutant, error) {
	files, err := system.YAMLFiles(dir)
	if err != nil {
		return nil, fmt.Errorf("find mutants: %w", err)
	}
	var all []Mutant
	var errs []error
	for _, file := range files {
		m, err := read(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("read mutant %s: %w", file, err))
		}
		all = append(all, m)
	}
	return all, errors.Join(errs...)
}

func read(file string) (Mutant, error) {
	m := Mutant{Path: file}
	text, err := os.ReadFile(file)
	if err != nil {
		return m, err
	}
	root, err := system.Document(file, text, "a mutant, which starts with name and removes")
	if err != nil {
		return m, err
	}
	if err := yaml.NodeToValue(root, &m, yaml.Strict()); err != nil {
		return m, errors.New(yaml.FormatError(err, false, true))
	}
	for _, key := range []struct{ name, value string }{
		{"name", m.Name}, {"removes", m.Removes}, {"scenario", m.Scenario}, {"killer", m.Killer},
	} {
		if key.value == "" {
			return m, fmt.Errorf("%s is missing", key.name)
		}
	}
	if base := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)); base != m.Name {
		return m, fmt.Errorf("the mutant is named %q and its file %q: give both one name", m.Name, base)
	}
	if len(m.Tiers) == 0 {
		m.Tiers = []string{system.Embedded}
	}
	if len(m.Edits) == 0 {
		return m, errors.New("edits are missing: a mutant without them is the system itself")
	}
	return m, nil
}

// Apply makes the edited copies of a module's files below dir, and gives the overlay that puts them in the place of the
// originals, for go build -overlay. A piece that is not there, or more than once, is an error: the source has moved on.
func (m Mutant) Apply(root, dir string) (overlay []byte, err error) {
	edited := map[string]string{}
	for i, e := range m.Edits {
		original, err := filepath.Abs(filepath.Join(root, e.File))
		if err != nil {
			return nil, fmt.Errorf("edit %s: %w", e.File, err)
		}
		text, again := edited[original]
		if !again {
			source, err := os.ReadFile(original)
			if err != nil {
				return nil, fmt.Errorf("edit %s: %w", e.File, err)
			}
			text = string(source)
		}
		was := strings.TrimSuffix(e.Was, "\n")
		if n := strings.Count(text, was); was == "" || n != 1 {
			return nil, fmt.Errorf("edit %s: what edit %d of %s replaces is there %d times: expected exactly once", e.File, i+1, m.Path, n)
		}
		edited[original] = strings.Replace(text, was, strings.TrimSuffix(e.Is, "\n"), 1)
	}
	replace := map[string]string{}
	for original, text := range edited {
		copied := filepath.Join(dir, fmt.Sprintf("%d-%s", len(replace), filepath.Base(original)))
		if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("write edited copy: %w", err)
		}
		replace[original] = copied
	}
	return json.Marshal(map[string]any{"Replace": replace})
}
