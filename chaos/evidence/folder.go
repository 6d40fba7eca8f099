// Package evidence is what one scenario's run leaves behind: a folder that is all there is to judge by.
//
//	scenario.yaml   the scenario as it was          run.json        what ran, when, and how
//	faults.json     the faults with their doses     history.jsonl   one operation of a shopper per line
//	metrics/        samples                         traces.jsonl    spans        logs/   one file per instance
//	audit/<instance>.json   GET /audit of every service    books/<unit>.json   GET /books of every company
//	strain.jsonl    who had the processors, and how late the harness was, each 100 ms
//	verdict.json    what judging said
package evidence

import (
	"encoding/json"
	"fmt"
	"slices"

	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/strain"
	"stormglass/chaos/system"
)

// Folder is the part of the evidence that checks read, in memory. The judge opens it from disk; the runner makes one
// while the run is on, so that both ask the same questions of the same kind of value.
type Folder struct {
	Dir     string // where it is; metrics, traces and logs are read from there
	Run     Run
	Doses   []fault.Dose
	History []load.Operation
	Strain  []strain.Sample // none in a folder of a version that did not measure it

	Audits map[string]json.RawMessage // by instance, such as order-1
	Books  map[string]json.RawMessage // by unit, such as card-processor

	Decoded *Decoded // what they decoded to; nil where nobody reads them more than once
}

// Audit decodes what the unit's first instance (by name) answered when it was asked for its audit at the end.
func (f *Folder) Audit(unit string, into any) error {
	var names []string
	for name := range f.Audits {
		if system.InstanceOf(name, unit) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("read audit of %s: it was not collected", unit)
	}
	slices.Sort(names)
	return f.Decode("audit of "+names[0], f.Audits[names[0]], into)
}

// Book decodes the books of a company as they stood at the end.
func (f *Folder) Book(unit string, into any) error {
	raw, ok := f.Books[unit]
	if !ok {
		return fmt.Errorf("read books of %s: they were not collected", unit)
	}
	return f.Decode("books of "+unit, raw, into)
}

func decode(what string, raw json.RawMessage, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	return nil
}
